// JournalFiles: frames as they lie on disk, one write() each, in files of a bounded size. A frame is there whole or not at all.
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
  // Everything appended is durable. After a failed fsync the kernel may have dropped the pages and say "done" the next time: the
  // frames since the last one are written anew, to another file.
  Result<void> sync();
  void close() { file_.reset(); }

 private:
  Result<void> next_file();
  Result<void> rescue();
  // The error that a test wants here.
  Result<void> may(FileStep step) const;

  std::string directory_, prefix_;
  const WriterOptions& options_;
  std::optional<File> file_;
  std::string path_;
  uint64_t length_ = 0, synced_ = 0;
  unsigned files_ = 0;
};

}  // namespace culprit
