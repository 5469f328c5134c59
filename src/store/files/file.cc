#include "store/files/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace culprit {

Error system_error(const std::string& what, const std::string& path) {
  int number = errno;
  Error::Kind kind = number == ENOENT                                          ? Error::Kind::NotFound
                     : number == EACCES || number == EPERM                     ? Error::Kind::Denied
                     : number == ENOSPC || number == EDQUOT || number == EFBIG ? Error::Kind::Full
                                                                               : Error::Kind::Unavailable;
  return {kind, what + " '" + path + "': " + std::strerror(number)};
}

Result<File> File::open(const std::string& path, int flags) {
  int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error("cannot open", path);
  return File(fd);
}

Result<File> File::in_memory(const char* name) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return system_error("cannot make in memory", name);
  return File(fd);
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<uint64_t> File::size() const {
  struct stat status;
  if (fstat(fd_, &status) != 0) return system_error("cannot look at", "an open file");
  if (!S_ISREG(status.st_mode)) return Error{Error::Kind::Corrupt, "a file of the store is not a regular file"};
  return static_cast<uint64_t>(status.st_size);
}

Result<std::string> File::read_at(uint64_t offset, uint64_t length) const {
  std::string bytes(length, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("cannot read", "an open file");
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Result<std::string> File::read_all(uint64_t limit) const { return read_at(0, std::min(TRY(size()), limit)); }

Result<void> File::append_from(const File& other, uint64_t length) const {
  constexpr uint64_t kPiece = 1u << 20;
  for (uint64_t at = 0; at < length; at += kPiece)
    TRY(write_all(TRY(other.read_at(at, std::min(kPiece, length - at)))));
  return {};
}

namespace {

// Blocks SIGXFSZ for the thread during its lifetime. A file that reaches RLIMIT_FSIZE then gives an error, like a full
// disk, and does not end the process. The signal's disposition is unchanged, because started commands would inherit it.
class NoSizeSignal {
 public:
  NoSizeSignal() {
    sigemptyset(&only_);
    sigaddset(&only_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &only_, &before_);
  }
  ~NoSizeSignal() {
    int error = errno;
    timespec now = {};
    if (error == EFBIG && sigismember(&before_, SIGXFSZ) == 0) sigtimedwait(&only_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }

 private:
  sigset_t only_, before_;
};

}  // namespace

Result<void> File::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    ssize_t n;
    {
      NoSizeSignal none;
      n = ::write(fd_, bytes.data(), bytes.size());
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("cannot write", "the store");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<void> File::allocate(uint64_t bytes) const {
  NoSizeSignal none;
  if (fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) != 0) return system_error("cannot make room in", "the store");
  return {};
}

Result<void> File::sync_data() const {
  if (fdatasync(fd_) != 0) return system_error("cannot make durable", "the store");
  return {};
}

bool File::try_lock() const { return flock(fd_, LOCK_EX | LOCK_NB) == 0; }

Result<void> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) return system_error("cannot make the directory", path);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  File directory = TRY(File::open(path, O_RDONLY | O_DIRECTORY));
  if (fsync(directory.fd()) != 0) return system_error("cannot make durable", path);
  return {};
}

Result<void> sync_file(const std::string& path) {
  File file = TRY(File::open(path, O_RDWR));
  if (fsync(file.fd()) != 0) return system_error("cannot make durable", path);
  return {};
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return system_error("cannot rename", from);
  return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return system_error("cannot list", path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_regular_file(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool path_exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

}  // namespace culprit
