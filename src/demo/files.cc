#include "demo/files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace culprit::demo {

namespace {

Error refused(const std::string& what, const std::string& path) {
  Error::Kind kind = errno == ENOSPC   ? Error::Kind::Full
                     : errno == EACCES ? Error::Kind::Denied
                                       : Error::Kind::Unavailable;
  return {kind, "cannot " + what + " '" + path + "': " + strerror(errno)};
}

}  // namespace

Result<int> free_port() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bool ok = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
            getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (fd >= 0) close(fd);
  if (!ok) return refused("find a free port on", "127.0.0.1");
  return ntohs(address.sin_port);
}

Result<void> write_file(const std::string& path, const std::string& text, mode_t mode, const User& owner) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return refused("write", path);
  bool ok = fchmod(fd, mode) == 0 && fchown(fd, owner.uid, owner.gid) == 0;
  for (size_t done = 0; ok && done < text.size();) {
    ssize_t n = write(fd, text.data() + done, text.size() - done);
    ok = n > 0;
    done += ok ? n : 0;
  }
  ok = close(fd) == 0 && ok;
  if (!ok) return refused("write", path);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refused("read", path);
  std::string text;
  char chunk[64 << 10];
  ssize_t n;
  while ((n = read(fd, chunk, sizeof chunk)) > 0) text.append(chunk, n);
  close(fd);
  if (n < 0) return refused("read", path);
  return text;
}

Result<void> copy_program(const std::string& from, const std::string& to) {
  std::string bytes = TRY(read_file(from));
  return write_file(to, bytes, 0755, User{});
}

Result<void> make_directory(const std::string& path, mode_t mode, const User& owner) {
  if (mkdir(path.c_str(), mode) != 0 || chmod(path.c_str(), mode) != 0 ||
      chown(path.c_str(), owner.uid, owner.gid) != 0) {
    return refused("make the directory", path);
  }
  return {};
}

int64_t wall_ns() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

std::string random_hex(int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    unsigned char byte;
    CHECK(getrandom(&byte, 1, 0) == 1, "the kernel gives random bytes");
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace culprit::demo
