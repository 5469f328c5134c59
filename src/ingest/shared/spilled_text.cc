#include "ingest/shared/spilled_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace culprit {

namespace {

// The interval of checks for free space, and the share of the disk that must stay free: a twentieth, the share that
// file systems reserve for root.
constexpr size_t kCheckEveryBytes = size_t{16} << 20;
constexpr uint64_t kFreeShare = 20;

std::string directory() {
  const char* named = std::getenv("TMPDIR");
  return named && *named ? named : "/var/tmp";
}

Error no_room(const std::string& why) {
  return Error{Error::Kind::Full, "a document larger than memory cannot be stored in '" + directory() + "': " + why,
               "name a directory with more room: TMPDIR=/big/disk culprit …"};
}

}  // namespace

Result<SpilledText> SpilledText::create() {
  std::string path = directory();
  int fd = ::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {  // not every file system supports files without a name
    path += "/culprit-import-XXXXXX";
    fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(path.c_str());
  }
  if (fd < 0) return no_room(std::strerror(errno));
  return SpilledText(fd);
}

SpilledText::SpilledText(SpilledText&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      checked_at_(other.checked_at_),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

SpilledText& SpilledText::operator=(SpilledText&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  std::swap(checked_at_, other.checked_at_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

SpilledText::~SpilledText() {
  if (mapped_) ::munmap(mapped_, size_);
  if (fd_ >= 0) ::close(fd_);
}

Result<void> SpilledText::append(std::string_view text) {
  if (size_ >= checked_at_) {
    struct statvfs disk = {};
    if (::fstatvfs(fd_, &disk) == 0 && disk.f_bavail < disk.f_blocks / kFreeShare)
      return no_room("the disk is nearly full");
    checked_at_ = size_ + kCheckEveryBytes;
  }
  while (!text.empty()) {
    ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return no_room(std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(written));
    size_ += static_cast<size_t>(written);
  }
  return {};
}

Result<std::string_view> SpilledText::map() {
  if (size_ == 0) return std::string_view();
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) return no_room(std::strerror(errno));
  mapped_ = static_cast<char*>(mapped);
  ::madvise(mapped_, size_, MADV_SEQUENTIAL);
  return std::string_view(mapped_, size_);
}

void SpilledText::release(size_t from, size_t to) const {
  constexpr size_t kPageBytes = 4096;
  from = (from + kPageBytes - 1) / kPageBytes * kPageBytes;
  to = std::min(to, size_) / kPageBytes * kPageBytes;
  if (mapped_ && from < to) ::madvise(mapped_ + from, to - from, MADV_DONTNEED);
}

}  // namespace culprit
