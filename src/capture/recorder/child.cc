#include "capture/recorder/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace culprit::capture {
namespace {

Error failed(const std::string& what) { return Error{Error::Kind::Unavailable, what + ": " + std::strerror(errno)}; }

// Runs in the child process: only calls that are safe after a fork of a process with several threads.
[[noreturn]] void wait_and_execute(int gate, int failure, char* const* argv) {
  char go = 0;
  ssize_t n;
  do n = ::read(gate, &go, 1);
  while (n < 0 && errno == EINTR);
  // The recorder ignores SIGPIPE, but a command expects that the signal ends it.
  if (n == 1) ::signal(SIGPIPE, SIG_DFL);
  if (n == 1) ::execvp(argv[0], argv);
  const int why = n == 1 ? errno : 0;
  if (n == 1 && ::write(failure, &why, sizeof why) < 0) _exit(126);
  _exit(why == ENOENT ? 127 : 126);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& command) {
  int gate[2], failure[2];
  if (::pipe2(gate, O_CLOEXEC) != 0) return failed("cannot make a pipe");
  if (::pipe2(failure, O_CLOEXEC) != 0) {
    ::close(gate[0]);
    ::close(gate[1]);
    return failed("cannot make a pipe");
  }
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(gate[1]);
    wait_and_execute(gate[0], failure[1], argv.data());
  }
  ::close(gate[0]);
  ::close(failure[1]);
  if (pid < 0) {
    ::close(gate[1]);
    ::close(failure[0]);
    return failed("cannot start '" + command[0] + "'");
  }
  return Child(pid, gate[1], failure[0]);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      gate_(std::exchange(other.gate_, -1)),
      failure_(std::exchange(other.failure_, -1)),
      status_(other.status_) {}

Child::~Child() {
  const bool waits = gate_ >= 0;
  if (gate_ >= 0) ::close(gate_);
  if (failure_ >= 0) ::close(failure_);
  if (waits && pid_ > 0) ::waitpid(pid_, nullptr, 0);  // its gate is closed: it ends immediately
}

Result<void> Child::go() {
  const char yes = 1;
  if (::write(gate_, &yes, 1) != 1) return failed("cannot start the command");
  ::close(std::exchange(gate_, -1));
  int why = 0;
  ssize_t n;
  do n = ::read(failure_, &why, sizeof why);
  while (n < 0 && errno == EINTR);
  ::close(std::exchange(failure_, -1));
  if (n != sizeof why) return {};
  ended();
  return Error{why == ENOENT ? Error::Kind::NotFound : Error::Kind::Unavailable,
               std::string("cannot execute the command: ") + std::strerror(why)};
}

std::optional<int> Child::ended() {
  int status = 0;
  if (!status_ && pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_)
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return status_;
}

}  // namespace culprit::capture
