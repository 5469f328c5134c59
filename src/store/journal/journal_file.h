// JournalFiles: writes frames to files of a bounded size, with one write() per frame. A frame is either complete or
// absent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/files/file.h"
#include "store/interface/open.h"

namespace culprit {

class JournalFiles {
 public:
  // Files are named `prefix`-000001.frames and so on.
  JournalFiles(std::string directory, std::string prefix, const WriterOptions& options)
      : directory_(std::move(directory)), prefix_(std::move(prefix)), options_(options) {}

  Result<void> append(std::string_view frame);
  // Makes all appended frames durable. After a failed fsync the kernel may have dropped the pages and report success
  // the next time. The frames since the last successful sync are therefore written again, to another file.
  Result<void> sync();
  void close() { file_.reset(); }

 private:
  Result<void> next_file();
  Result<void> rescue();
  // Returns the error that a test wants at this step.
  Result<void> may(FileStep step) const;

  std::string directory_, prefix_;
  const WriterOptions& options_;
  std::optional<File> file_;
  std::string path_;
  uint64_t length_ = 0, synced_ = 0;
  unsigned files_ = 0;
};

}  // namespace culprit
