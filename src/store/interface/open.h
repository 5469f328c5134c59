// How a store directory is opened: to be written, to be read, or made for the moment out of batches in memory.
//
//   NAME.culprit/
//     lock                    held (flock) by the one who writes or seals
//     manifest                frames of type Manifest: what is sealed
//     journal/<run>-<n>.frames  frames that are not sealed yet
//     segments/<table>-<n>.parquet  sealed rows, each with its .side record
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "model/batch.h"
#include "store/interface/reader.h"
#include "store/interface/writer.h"

namespace culprit {

// What a test lets fail, as the disk would: the error's number, 0 for none.
enum class FileStep { Create, Write, Sync };

struct WriterOptions {
  enum class Existing { Refuse, Append };
  Existing existing = Existing::Refuse;
  // A journal file is followed by the next one at this size, so that sealing can free what it has done with.
  uint64_t journal_file_bytes = 64u << 20;
  // What is pushed while the disk takes nothing. Wait: push() tries again for `patience_ms` and then fails. Shed: push() takes it
  // at once and never waits; more than `waiting_bytes` is shed, the oldest first, and refused rows of the ledger say how many of
  // every unit. flush() and close() try for `patience_ms`, then shed what is left.
  enum class WhenFull { Wait, Shed };
  WhenFull when_full = WhenFull::Wait;
  int64_t patience_ms = 10'000;
  uint64_t waiting_bytes = 32u << 20;
  std::function<int(FileStep)> fails = {};  // test hook
};

// Creates the directory at `path`, or with Append opens a store that is there. One writer at a time: its lock is held
// until close() or the end of the process. push() may be called from several threads.
Result<std::unique_ptr<Writer>> open_writer(const std::string& path, WriterOptions options = {});

// Takes away what open_writer() made at `path` while nothing was written: directories that hold a frame, or anything else, stay.
void remove_unwritten(const std::string& path);

struct ReaderOptions {
  enum class Seal { Lazily, Privately };
  // Lazily: what is still in the journal is sealed in place where the store is ours to write and nobody writes it, else
  // into a private temporary directory. Privately: always the latter; the store is left exactly as it is.
  Seal seal = Seal::Lazily;
  // Segments up to this much in all are checked block by block when the store is opened (0.1 s per GB from the page cache); those of
  // a larger store when they are first read.
  uint64_t checked_at_open_bytes = uint64_t{2} << 30;
  const CancelToken* cancel = nullptr;  // ends sealing with an Error of kind Cancelled; may be null
  // Test hook: the process ends (_exit) when sealing reaches this step; 0 never.
  int die_at_step = 0;
};

// A snapshot of the store at `path`: everything whole that was in it at this moment, also while it is being written and
// after its writer was killed.
Result<std::unique_ptr<Reader>> open_reader(const std::string& path, ReaderOptions options = {});

// What is pushed for this process alone, to be asked once: no journal, nothing made durable, nothing left.
class PrivateStore : public Sink {
 public:
  // After the last push().
  virtual Result<std::unique_ptr<Reader>> read() = 0;
};
struct PrivateStoreOptions {
  // In memory at a time, but for a larger trace: 60,000 take some 60 MB.
  size_t buffered_spans = 60'000;
  // Of spans that are put aside, 20 to 60 bytes each: more goes to a file.
  uint64_t held_bytes = 64u << 20;
};
Result<std::unique_ptr<PrivateStore>> open_private_store(PrivateStoreOptions options = {});

// The same over batches that lie in memory; they are sealed into a private temporary directory, removed at the end.
Result<std::unique_ptr<Reader>> open_memory(std::vector<Batch> batches);

}  // namespace culprit
