// Manifest: what of a store is sealed. An append-only file of frames of type Manifest, one a sealing;
// docs/formats/manifest.md draws a record. A record is the moment at which its segments begin to count and its journal
// files cease to: a crash before it leaves only files to be swept, a crash after it only files to be removed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/frame.h"
#include "model/ledger.h"

namespace culprit {

// A sealed Parquet file.
struct SegmentInfo {
  std::string table, file;
  uint64_t rows = 0, size_bytes = 0;
  int64_t min_ns = 0, max_ns = 0;         // of the rows' beginnings and ends
  std::vector<std::string> fences;        // spans: the trace id of every kFenceRows-th row, the first and the last
  std::vector<uint32_t> block_checksums;  // CRC-32C of every block of kChecksumBlock bytes
  // Attribute keys that are columns here: key and type (b, i, d, s as in segment.md).
  std::vector<std::pair<std::string, char>> promoted;
  bool derived = false;  // ledger rows that describe the whole store: the next sealing's replace them
};
constexpr uint64_t kFenceRows = 30'720;
constexpr uint64_t kChecksumBlock = 1u << 20;

struct SealRecord {
  std::vector<SegmentInfo> added;
  std::vector<std::string> removed;   // segments' files that no longer count
  std::vector<std::string> journals;  // journal files that are sealed now
  std::vector<Received> received;     // of the frames sealed now
  std::vector<std::pair<FrameIdentity, uint64_t>> last_sequences;
};

// All records together.
struct Manifest {
  std::vector<SegmentInfo> segments;
  std::vector<std::string> journals;    // sealed ones, to be removed where they still are
  std::vector<std::string> superseded;  // removed segments
  std::vector<Received> received;
  std::map<FrameIdentity, uint64_t> last_sequences;
  uint64_t records = 0;
  uint64_t valid_bytes = 0;  // of the file; what follows is a record that was never finished
  int64_t damaged_records = 0;

  void apply(const SealRecord& record);
};

std::string encode_seal_record(const SealRecord& record);
Result<SealRecord> decode_seal_record(std::string_view bytes);

// The manifest at `path`; an empty one where there is none.
Result<Manifest> read_manifest(const std::string& path);
// Appends durably. The caller holds the store's lock; an unfinished record at the end is cut off first.
Result<void> append_manifest(const std::string& path, const Manifest& before, const SealRecord& record);

}  // namespace culprit
