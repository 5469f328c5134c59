#include "demo/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace culprit::demo {

namespace {

// /var/tmp is for data that may be large and is kept over a reboot (FHS 3.0, 5.15): it is on a disk, while /tmp is
// often memory.
constexpr const char* kParents[] = {"/var/tmp", "/var/lib", "/srv", "/home"};

bool on_disk(const char* path) {
  struct statfs system;
  if (statfs(path, &system) != 0) return false;
  return system.f_type != TMPFS_MAGIC && system.f_type != RAMFS_MAGIC;
}

bool lies_below(const std::string& link, const std::string& path) {
  char target[4096];
  ssize_t n = readlink(link.c_str(), target, sizeof target);
  if (n < static_cast<ssize_t>(path.size())) return false;
  std::string_view text(target, n);
  return text.substr(0, path.size()) == path && (text.size() == path.size() || text[path.size()] == '/');
}

// Kills processes whose working directory is in `path`, or that run a program from it; returns their number.
int kill_below(const std::string& path) {
  DIR* processes = opendir("/proc");
  if (!processes) return 0;
  int found = 0;
  while (dirent* entry = readdir(processes)) {
    pid_t pid = std::atoi(entry->d_name);
    if (pid <= 1 || pid == getpid()) continue;
    std::string process = std::string("/proc/") + entry->d_name;
    if (!lies_below(process + "/cwd", path) && !lies_below(process + "/exe", path)) continue;
    ++found;
    kill(pid, SIGKILL);
  }
  closedir(processes);
  return found;
}

int remove_entry(const char* path, const struct stat*, int, FTW*) { return remove(path) == 0 ? 0 : 1; }

[[noreturn]] void clear_when_left(const std::string& path, int pipe) {
  setsid();
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  prctl(PR_SET_NAME, "demo-janitor");
  // The janitor must not keep another open file alive, such as a terminal or another program's pipe.
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  dup2(pipe, 3);
  close_range(4, ~0u, 0);
  if (chdir("/") != 0) _exit(1);
  char byte;
  while (read(3, &byte, 1) < 0 && errno == EINTR) continue;
  // PostgreSQL's processes notice the end of their postmaster within moments; checking 20 times a second is often
  // enough.
  for (int round = 0; round < 40 && kill_below(path) > 0; ++round) usleep(50'000);
  nftw(path.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  _exit(0);
}

}  // namespace

Result<Place> Place::make() {
  for (const char* parent : kParents) {
    if (!on_disk(parent)) continue;
    std::string path = std::string(parent) + "/culprit-demo-XXXXXX";
    if (!mkdtemp(path.data())) continue;
    int ends[2];
    if (chmod(path.c_str(), 0711) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
      rmdir(path.c_str());
      continue;
    }
    pid_t janitor = fork();
    if (janitor == 0) {
      close(ends[1]);
      clear_when_left(path, ends[0]);
    }
    close(ends[0]);
    if (janitor > 0) return Place(path, janitor, ends[1]);
    close(ends[1]);
    rmdir(path.c_str());
    return Error{Error::Kind::Unavailable, std::string("cannot start a process: ") + strerror(errno)};
  }
  return Error{Error::Kind::Unavailable, "no directory on a disk is writable (tried /var/tmp, /var/lib, /srv, /home)",
               "make /var/tmp writable"};
}

Place::Place(Place&& other) noexcept
    : path_(std::move(other.path_)),
      janitor_(std::exchange(other.janitor_, -1)),
      pipe_(std::exchange(other.pipe_, -1)) {}

Place::~Place() {
  if (pipe_ >= 0) close(pipe_);
  if (janitor_ > 0) {
    while (waitpid(janitor_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
}

}  // namespace culprit::demo
