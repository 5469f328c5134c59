// Opens a store directory for writing or reading, or makes a temporary store from batches in memory.
//
//   NAME.culprit/
//     lock                    held (flock) by the process that writes or seals
//     manifest                frames of type Manifest: the sealed segments
//     journal/<run>-<n>.frames  frames that are not sealed yet
//     segments/<table>-<n>.parquet  sealed rows, each file with its .side record
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

// A file operation that a test lets fail. The test returns the errno, or 0 for success.
enum class FileStep { Create, Write, Sync };

struct WriterOptions {
  enum class Existing { Refuse, Append };
  Existing existing = Existing::Refuse;
  // The size at which the writer begins the next journal file. Sealing frees whole files.
  uint64_t journal_file_bytes = 64u << 20;
  // The behaviour of push() while the disk is full. Wait: push() retries for `patience_ms` and then fails. Shed: push()
  // returns at once; batches beyond `waiting_bytes` are shed, the oldest first, and refused ledger rows count them in
  // each unit. flush() and close() retry for `patience_ms` and then shed the waiting batches.
  enum class WhenFull { Wait, Shed };
  WhenFull when_full = WhenFull::Wait;
  int64_t patience_ms = 10'000;
  uint64_t waiting_bytes = 32u << 20;
  std::function<int(FileStep)> fails = {};  // test hook
};

// Creates the directory at `path`, or with Append opens an existing store. A store has one writer at a time: the lock
// is held until close() or the end of the process. push() may be called from several threads.
Result<std::unique_ptr<Writer>> open_writer(const std::string& path, WriterOptions options = {});

// Removes the directories that open_writer() made at `path` if they are still empty. A directory with a frame or any
// other file stays.
void remove_unwritten(const std::string& path);

struct ReaderOptions {
  enum class Seal { Lazily, Privately };
  // Lazily: seals the journal in place if the store is writable and has no writer, else into a private temporary
  // directory. Privately: always seals into a private directory and leaves the store unchanged.
  Seal seal = Seal::Lazily;
  // If all segments together are smaller than this, every block is verified when the store is opened (0.1 s per GB from
  // the page cache). Segments of a larger store are verified when they are first read.
  uint64_t checked_at_open_bytes = uint64_t{2} << 30;
  const CancelToken* cancel = nullptr;  // cancels the sealing with an Error of kind Cancelled; may be null
  // Test hook: the process ends (_exit) at this step of the sealing; 0: never.
  int die_at_step = 0;
};

// Opens a snapshot of the store at `path`: all complete data at this moment. The store may be in use by a writer, or
// its writer may have been killed.
Result<std::unique_ptr<Reader>> open_reader(const std::string& path, ReaderOptions options = {});

// A store for this process that is read once: without a journal, without durability, and removed at the end.
class PrivateStore : public Sink {
 public:
  // Returns a reader. No push() may follow.
  virtual Result<std::unique_ptr<Reader>> read() = 0;
};
struct PrivateStoreOptions {
  // The number of spans in memory at a time; a larger trace exceeds it. 60,000 spans take about 60 MB.
  size_t buffered_spans = 60'000;
  // The memory limit for encoded spans (20 to 60 bytes per span). Further spans go to a file.
  uint64_t held_bytes = 64u << 20;
  const CancelToken* cancel = nullptr;  // ends every step with an Error of kind Cancelled; may be null
};
Result<std::unique_ptr<PrivateStore>> open_private_store(PrivateStoreOptions options = {});

// Makes a reader of batches in memory. They are sealed into a private temporary directory, which is removed at the end.
Result<std::unique_ptr<Reader>> open_memory(std::vector<Batch> batches);

}  // namespace culprit
