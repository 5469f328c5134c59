// Manifest: the list of sealed segments of a store. It is an append-only file of frames of type Manifest;
// docs/formats/manifest.md describes a record. A record of kind Sealed is the moment from which its segments are valid
// and its journal files are not. After a crash before this record, new segment files are leftovers; after it, the
// sealed journal files are.
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
  int64_t min_ns = 0, max_ns = 0;   // earliest start and latest end of the rows
  std::vector<std::string> fences;  // spans: the trace ids of every kFenceRows-th row, of the first and of the last row
  std::vector<uint32_t> block_checksums;  // CRC-32C of every block of kChecksumBlock bytes
  // The attribute keys with their own column: key and type (b, i, d, s as in segment.md).
  std::vector<std::pair<std::string, char>> promoted;
  // The keys among `promoted`, or keys that differ only in case, with values outside of the column because of another
  // type.
  std::vector<std::string> also;
  bool derived = false;  // ledger rows about the whole store; the next sealing replaces them
};
constexpr uint64_t kFenceRows = 30'720;
constexpr uint64_t kChecksumBlock = 1u << 20;

// The frames `first` to `last` of one writer; some between them may be missing.
struct FrameRange {
  FrameIdentity identity;
  uint64_t first = 0, last = 0;
};

struct SealRecord {
  // Intended: written before a sealing begins. Segments of a generation without a record of kind Sealed are leftovers.
  enum class Kind : uint8_t { Sealed, Intended };
  Kind kind = Kind::Sealed;
  std::string generation;  // part of the names of its segments; empty in records from before side records existed
  std::vector<SegmentInfo> added;
  uint64_t segments = 0;              // side records: the number of segments that the sealing wrote
  std::vector<std::string> removed;   // files of segments that are no longer valid
  std::vector<std::string> journals;  // journal files that are sealed by this record
  // the journal files among these that could not be read completely: kept under another name
  std::vector<std::string> kept;
  std::vector<Received> received;  // counts of received rows in the frames sealed by this record
  std::vector<std::pair<FrameIdentity, uint64_t>> last_sequences;
  std::vector<FrameRange> frames;  // the frames sealed by this record
  std::vector<std::string> notes;  // ledger notes about a rebuilt manifest
};

// The sum of all records.
struct Manifest {
  std::vector<SegmentInfo> segments;
  std::vector<std::string> journals;    // sealed journal files, to be removed if they still exist
  std::vector<std::string> kept;        // the journal files among these that are kept under another name
  std::vector<std::string> superseded;  // removed segments
  std::map<std::string, std::vector<std::string>> intended;  // begun sealings without an end: generation, journal files
  std::vector<std::string> generations;                      // generations of completed sealings
  std::vector<Received> received;
  std::map<FrameIdentity, uint64_t> last_sequences;
  std::vector<FrameRange> frames;
  std::vector<std::string> notes;
  uint64_t records = 0;      // the number of the last record
  uint64_t valid_bytes = 0;  // valid bytes of the file; an incomplete record may follow
  uint64_t tail_bytes = 0;   // the length of the incomplete record
  int64_t damaged_records = 0;

  void apply(const SealRecord& record);
  // Returns the whole manifest as one record.
  SealRecord as_record() const;
};

// Returns true if `name` can be a file of the store: it stays in its directory and needs no quotes.
bool plain_name(std::string_view name);

std::string encode_seal_record(const SealRecord& record);
Result<SealRecord> decode_seal_record(std::string_view bytes);

// Reads the manifest at `path`. Returns an empty one if the file does not exist.
Result<Manifest> read_manifest(const std::string& path);
// Appends a record durably. The caller must hold the store's lock. An incomplete record at the end is cut off first.
Result<void> append_manifest(const std::string& path, Manifest& manifest, const SealRecord& record);
// Replaces the file at `path` with a manifest of one record. The old file is kept under another name.
Result<void> replace_manifest(const std::string& path, Manifest& manifest);

}  // namespace culprit
