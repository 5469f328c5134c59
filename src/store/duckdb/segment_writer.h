// SegmentWriter: rows become Parquet files, written aside, verified, made durable and renamed into place.
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
  // Durably: verified, synced and renamed into place. ForNow: for this process, read back by nothing else. InMemory: files
  // without a name, for where no directory takes them.
  enum class Keep { Durably, ForNow, InMemory };
  struct Place {
    std::string directory;  // empty in memory
    Keep keep = Keep::Durably;
    const CancelToken* cancel = nullptr;  // may be null
  };
  // Files' names carry `generation`, which no other sealing of this store has.
  static Result<SegmentWriter> open(const Place& place, const std::string& generation);
  SegmentWriter(SegmentWriter&&) noexcept;
  ~SegmentWriter();

  // Spans ordered by (trace id, start). The rest as it should lie in the file.
  Result<SegmentInfo> write(std::vector<StoredSpan>& rows);
  template <class Row>
  Result<SegmentInfo> write(std::vector<Row>& rows);

  std::string path_of(const SegmentInfo& info) const;
  // Those in memory live as long as these.
  std::vector<File> take_files();

  // Texts that had to be made valid UTF-8, so far.
  int64_t repaired_texts() const;
  const CancelToken* cancel() const;  // of its place

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// CRC-32C of every block of kChecksumBlock bytes of the file.
Result<std::vector<uint32_t>> block_checksums(const std::string& path);

}  // namespace culprit
