// Files as the store needs them: complete writes and reads, durable renames, and the store's lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace culprit {

// An open file descriptor. The destructor closes it. Opening does not follow a symbolic link at the end of the path.
class File {
 public:
  static Result<File> open(const std::string& path, int flags);
  // Creates a file without a name, in memory. path() is its path while it is open.
  static Result<File> in_memory(const char* name);
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept { return std::swap(fd_, other.fd_), *this; }
  ~File();

  int fd() const { return fd_; }
  Result<uint64_t> size() const;
  // Reads from the beginning of the file, at most `limit` bytes.
  Result<std::string> read_all(uint64_t limit) const;
  Result<std::string> read_at(uint64_t offset, uint64_t length) const;
  // Appends the first `length` bytes of `other`.
  Result<void> append_from(const File& other, uint64_t length) const;
  Result<void> write_all(std::string_view bytes) const;
  // Reserves disk space for a file of `bytes` bytes.
  Result<void> allocate(uint64_t bytes) const;
  Result<void> sync_data() const;
  // Returns true if the lock was free. The lock is held until the file is closed.
  bool try_lock() const;

 private:
  explicit File(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// Makes the error of a system call on `path` from errno.
Error system_error(const std::string& what, const std::string& path);

Result<void> make_directory(const std::string& path);
Result<void> sync_directory(const std::string& path);
Result<void> sync_file(const std::string& path);
Result<void> rename_file(const std::string& from, const std::string& to);
// Returns the names in a directory, sorted, without . and ..
Result<std::vector<std::string>> list_directory(const std::string& path);
bool is_regular_file(const std::string& path);
bool path_exists(const std::string& path);

}  // namespace culprit
