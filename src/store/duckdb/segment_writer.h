// SegmentWriter: writes rows as Parquet files. A file is written under a temporary name, verified, synced and then
// renamed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "store/files/file.h"
#include "store/files/manifest.h"
#include "store/files/stored.h"

namespace culprit {

class Database;

class SegmentWriter {
 public:
  // Durably: verified, synced and renamed. ForNow: a temporary file for this process. InMemory: a file without a name,
  // used when no directory has space.
  enum class Keep { Durably, ForNow, InMemory };
  struct Place {
    std::string directory;  // empty for files in memory
    Keep keep = Keep::Durably;
    const CancelToken* cancel = nullptr;  // may be null
  };
  // File names contain `generation`, which is different for each sealing of the store.
  static Result<SegmentWriter> open(const Place& place, const std::string& generation);
  SegmentWriter(SegmentWriter&&) noexcept;
  ~SegmentWriter();

  // Writes a segment. Spans must be ordered by (trace id, start). Other rows are written in the given order.
  Result<SegmentInfo> write(std::vector<StoredSpan>& rows);
  template <class Row>
  Result<SegmentInfo> write(std::vector<Row>& rows);

  std::string path_of(const SegmentInfo& info) const;
  // Returns the files in memory. They exist as long as the returned objects.
  std::vector<File> take_files();

  // The number of texts that were not valid UTF-8 and had to be repaired.
  int64_t repaired_texts() const;
  const CancelToken* cancel() const;  // the token of the `Place`

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Returns the CRC-32C of every block of kChecksumBlock bytes of the file.
Result<std::vector<uint32_t>> block_checksums(const std::string& path, const CancelToken* cancel);

}  // namespace culprit
