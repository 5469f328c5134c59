// Directories as a whole: temporary ones, removing one, how large one is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace culprit {

// A private directory (mode 0700) that is gone, with all in it, when its owner is.
class TemporaryDirectory {
 public:
  // Under $TMPDIR, else /var/tmp (a real disk: recordings may be larger than memory).
  static Result<TemporaryDirectory> create(const std::string& prefix);
  static Result<TemporaryDirectory> create_in(const std::string& parent, const std::string& prefix);

  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: moved from
};

// Removes `path` and all below it; does not follow symbolic links. Best effort.
void remove_tree(const std::string& path);

// Bytes of all files in and below `path`; 0 where it can't be read.
uint64_t tree_bytes(const std::string& path);

}  // namespace culprit
