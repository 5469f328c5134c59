// Whole directories: makes temporary ones, removes them and measures their size.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace culprit {

// A private directory (mode 0700). The destructor removes it with its contents.
class TemporaryDirectory {
 public:
  // Creates a directory in $TMPDIR, or else in /var/tmp, which is on a disk: recordings may be larger than memory.
  static Result<TemporaryDirectory> create(const std::string& prefix);
  static Result<TemporaryDirectory> create_in(const std::string& parent, const std::string& prefix);

  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty after a move
};

// Removes `path` with its contents, without following symbolic links. Errors are ignored.
void remove_tree(const std::string& path);

// Returns the size of all files in and below `path`; 0 if it cannot be read.
uint64_t tree_bytes(const std::string& path);

}  // namespace culprit
