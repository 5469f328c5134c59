// Manifest: what of a store is sealed. An append-only file of frames of type Manifest; docs/formats/manifest.md draws a
// record. A record of kind Sealed is the moment at which its segments begin to count and its journal files cease to: a
// crash before it leaves only files to be swept, a crash after it only files to be removed.
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
  // Of these keys, or of other spellings of them, some values stand outside the column: they have another type.
  std::vector<std::string> also;
  bool derived = false;  // ledger rows that describe the whole store: the next sealing's replace them
};
constexpr uint64_t kFenceRows = 30'720;
constexpr uint64_t kChecksumBlock = 1u << 20;

// Frames first … last of one writer, as far as they were there.
struct FrameRange {
  FrameIdentity identity;
  uint64_t first = 0, last = 0;
};

struct SealRecord {
  // Intended: what is about to be sealed; segments of this generation without a record of kind Sealed are leftovers.
  enum class Kind : uint8_t { Sealed, Intended };
  Kind kind = Kind::Sealed;
  std::string generation;  // part of its segments' names; empty in records of before there were side records
  std::vector<SegmentInfo> added;
  uint64_t segments = 0;              // side records: how many segments this sealing wrote in all
  std::vector<std::string> removed;   // segments' files that no longer count
  std::vector<std::string> journals;  // journal files that are sealed now
  std::vector<std::string> kept;      // of these, the ones that were not read whole: kept aside
  std::vector<Received> received;     // of the frames sealed now
  std::vector<std::pair<FrameIdentity, uint64_t>> last_sequences;
  std::vector<FrameRange> frames;  // the frames sealed now
  std::vector<std::string> notes;  // what a rebuilt manifest tells about itself
};

// All records together.
struct Manifest {
  std::vector<SegmentInfo> segments;
  std::vector<std::string> journals;                         // sealed ones, to be removed where they still are
  std::vector<std::string> kept;                             // of these, the ones to be kept aside
  std::vector<std::string> superseded;                       // removed segments
  std::map<std::string, std::vector<std::string>> intended;  // sealings without an end: generation, journals
  std::vector<std::string> generations;                      // sealed ones
  std::vector<Received> received;
  std::map<FrameIdentity, uint64_t> last_sequences;
  std::vector<FrameRange> frames;
  std::vector<std::string> notes;
  uint64_t records = 0;      // the last record's number
  uint64_t valid_bytes = 0;  // of the file; what follows is a record that was never finished
  uint64_t tail_bytes = 0;   // those
  int64_t damaged_records = 0;

  void apply(const SealRecord& record);
  // All of it as one record.
  SealRecord as_record() const;
};

// Whether `name` can be a file of the store: it stays in its directory and needs no quoting.
bool plain_name(std::string_view name);

std::string encode_seal_record(const SealRecord& record);
Result<SealRecord> decode_seal_record(std::string_view bytes);

// The manifest at `path`; an empty one where there is none.
Result<Manifest> read_manifest(const std::string& path);
// Appends durably. The caller holds the store's lock; an unfinished record at the end is cut off first.
Result<void> append_manifest(const std::string& path, Manifest& manifest, const SealRecord& record);
// Puts a manifest of one record in the place of the one at `path`, which is kept beside it under another name.
Result<void> replace_manifest(const std::string& path, Manifest& manifest);

}  // namespace culprit
