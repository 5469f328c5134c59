// Files as the store needs them: whole writes, whole reads, renames that survive a power cut, and the store's lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace culprit {

// An open file descriptor; closed with its owner. Never follows a symbolic link at the path's end.
class File {
 public:
  static Result<File> open(const std::string& path, int flags);
  // A file without a name, of the process alone; path() names it for as long as it is open.
  static Result<File> in_memory(const char* name);
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept { return std::swap(fd_, other.fd_), *this; }
  ~File();

  int fd() const { return fd_; }
  Result<uint64_t> size() const;
  // From the beginning, as much as is there, at most `limit` bytes.
  Result<std::string> read_all(uint64_t limit) const;
  Result<std::string> read_at(uint64_t offset, uint64_t length) const;
  // Writes the first `length` bytes of `other` behind what is here.
  Result<void> append_from(const File& other, uint64_t length) const;
  Result<void> write_all(std::string_view bytes) const;
  // Room on the disk for `bytes` in all.
  Result<void> allocate(uint64_t bytes) const;
  Result<void> sync_data() const;
  // Whether the lock was free and is now ours, until the file is closed.
  bool try_lock() const;

 private:
  explicit File(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// The error of a system call on `path`, from errno.
Error system_error(const std::string& what, const std::string& path);

Result<void> make_directory(const std::string& path);
Result<void> sync_directory(const std::string& path);
Result<void> sync_file(const std::string& path);
Result<void> rename_file(const std::string& from, const std::string& to);
// Names in a directory, sorted; without . and ..
Result<std::vector<std::string>> list_directory(const std::string& path);
bool is_regular_file(const std::string& path);
bool path_exists(const std::string& path);

}  // namespace culprit
