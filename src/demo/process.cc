#include "demo/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace culprit::demo {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr int kStopMs = 5000;  // PostgreSQL's immediate shutdown itself waits 5 s for its backends
constexpr int kTickMs = 20;

volatile sig_atomic_t received_signal = 0;  // a signal handler can write only to a global variable

struct sigaction handlers_before[3];  // indexed as kSignals

// Calls the handler that was installed before, so that the program's own handling still works.
void remember(int signal) {
  received_signal = signal;
  for (int i = 0; i < 3; ++i) {
    auto before = handlers_before[i].sa_handler;
    if (kSignals[i] == signal && before != SIG_DFL && before != SIG_IGN) before(signal);
  }
}

int64_t now_ms() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// What happens in the child between fork and exec: only system calls, no allocation, as the parent may have threads.
struct Launch {
  const Program& program;
  char** arguments;
  char** environment;
  int input, output, error, report;
  pid_t parent;

  [[noreturn]] void fail(const char* step) const {
    int saved = errno;
    (void)!write(report, &saved, sizeof saved);
    (void)!write(report, step, strlen(step));
    _exit(127);
  }

  void drop_rights() const {
    if (geteuid() != 0) return;
    if (setgroups(0, nullptr) != 0) fail("setgroups");
    if (setresgid(program.user.gid, program.user.gid, program.user.gid) != 0) fail("setgid");
    if (setresuid(program.user.uid, program.user.uid, program.user.uid) != 0) fail("setuid");
  }

  [[noreturn]] void go() const {
    setpgid(0, 0);  // Ctrl-C at the terminal reaches only this process, which ends its children in order
    drop_rights();
    // This comes after the change of user, which resets it.
    if (prctl(PR_SET_PDEATHSIG, program.death_signal) != 0) fail("prctl");
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int signal : kSignals) ::signal(signal, SIG_DFL);
    ::signal(SIGPIPE, SIG_DFL);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) fail("dup2");
    if (chdir(program.directory.c_str()) != 0) fail("chdir");
    execve(arguments[0], arguments, environment);
    fail("execve");
  }
};

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Returns the last lines of a file, for an error message.
std::string tail_of(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  constexpr off_t kTail = 600;
  off_t size = lseek(fd, 0, SEEK_END);
  lseek(fd, size > kTail ? size - kTail : 0, SEEK_SET);
  char text[kTail];
  ssize_t n = read(fd, text, sizeof text);
  close(fd);
  return n > 0 ? std::string(text, n) : std::string();
}

}  // namespace

Result<User> find_user(const std::string& name) {
  passwd* entry = getpwnam(name.c_str());
  if (!entry) return Error{Error::Kind::NotFound, "there is no user '" + name + "' on this machine"};
  return User{entry->pw_uid, entry->pw_gid, name};
}

Result<Child> Child::start(const Program& program) {
  std::vector<char*> arguments = pointers(program.arguments), environment = pointers(program.environment);
  int report[2], in[2] = {-1, -1}, out[2] = {-1, -1};
  bool talk = program.talk == Program::Talk::Yes;
  if (pipe2(report, O_CLOEXEC) != 0 || (talk && (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0))) {
    return Error{Error::Kind::Unavailable, std::string("cannot make a pipe: ") + strerror(errno)};
  }
  const char* log_path = program.output.empty() ? "/dev/null" : program.output.c_str();
  int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  Launch launch{program,   arguments.data(), environment.data(), talk ? in[0] : null, talk ? out[1] : log, log,
                report[1], getpid()};
  pid_t pid = fork();
  if (pid == 0) launch.go();
  int saved = errno;
  for (int fd : {report[1], in[0], out[1], log, null}) {
    if (fd >= 0) close(fd);
  }
  Child child(pid, base_name(program.arguments[0]), in[1], out[0]);
  int reason = 0;
  char step[32] = {};
  bool failed = pid > 0 && read(report[0], &reason, sizeof reason) == sizeof reason;
  if (failed) (void)!read(report[0], step, sizeof step - 1);
  close(report[0]);
  if (pid < 0 || failed) {
    return Error{Error::Kind::Unavailable,
                 "cannot start " + program.arguments[0] + ": " + step + " " + strerror(failed ? reason : saved)};
  }
  return child;
}

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  std::swap(name_, other.name_);
  std::swap(read_, other.read_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  return *this;
}

Child::~Child() {
  stop(SIGTERM);
  close_pipes();
}

void Child::close_pipes() {
  if (input_ >= 0) close(input_);
  if (output_ >= 0) close(output_);
  input_ = output_ = -1;
}

bool Child::running() {
  if (pid_ <= 0) return false;
  if (waitpid(pid_, &status_, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

Result<int> Child::wait(int timeout_ms) {
  for (int64_t end = now_ms() + timeout_ms; running();) {
    if (now_ms() >= end)
      return Error{Error::Kind::Unavailable, name_ + " did not end in " + std::to_string(timeout_ms / 1000) + " s"};
    TRY(pause_for(kTickMs));
  }
  if (!WIFEXITED(status_))
    return Error{Error::Kind::Unavailable, name_ + " was ended by signal " + std::to_string(WTERMSIG(status_))};
  return WEXITSTATUS(status_);
}

void Child::send(int signal) {
  if (running()) kill(pid_, signal);
}

void Child::stop(int signal) {
  send(signal);
  for (int64_t end = now_ms() + kStopMs; running() && now_ms() < end;) poll(nullptr, 0, kTickMs);
  if (!running()) return;
  kill(-pid_, SIGKILL);  // with its process group
  waitpid(pid_, &status_, 0);
  pid_ = -1;
}

Result<void> Child::write_line(const std::string& line) {
  std::string text = line + "\n";
  ssize_t n = write(input_, text.data(), text.size());
  if (n != static_cast<ssize_t>(text.size())) return Error{Error::Kind::Unavailable, name_ + " does not listen"};
  return {};
}

Result<std::string> Child::read_line(int timeout_ms) {
  for (int64_t end = now_ms() + timeout_ms;;) {
    size_t newline = read_.find('\n');
    if (newline != std::string::npos) {
      std::string line = read_.substr(0, newline);
      read_.erase(0, newline + 1);
      return line;
    }
    if (Interrupts::signal()) return interrupted_error();
    if (now_ms() >= end) return Error{Error::Kind::Unavailable, name_ + " does not answer"};
    pollfd ready{output_, POLLIN, 0};
    if (poll(&ready, 1, kTickMs) <= 0) continue;
    char chunk[4096];
    ssize_t n = read(output_, chunk, sizeof chunk);
    if (n <= 0) return Error{Error::Kind::Unavailable, name_ + " ended"};
    read_.append(chunk, n);
  }
}

Result<void> run_to_end(const Program& program, int timeout_ms) {
  Child child = TRY(Child::start(program));
  int status = TRY(child.wait(timeout_ms));
  if (status == 0) return {};
  return Error{Error::Kind::Unavailable,
               child.name() + " failed with status " + std::to_string(status) + ": " + tail_of(program.output)};
}

Interrupts::Interrupts() {
  received_signal = 0;
  struct sigaction action = {};
  action.sa_handler = remember;
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &action, &handlers_before[i]);
}

Interrupts::~Interrupts() {
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &handlers_before[i], nullptr);
}

int Interrupts::signal() { return received_signal; }

Error interrupted_error() { return {Error::Kind::Unavailable, "interrupted"}; }

Result<void> pause_for(int duration_ms) {
  for (int64_t end = now_ms() + duration_ms; !Interrupts::signal();) {
    int64_t left = end - now_ms();
    if (left <= 0) return {};
    poll(nullptr, 0, static_cast<int>(left < kTickMs ? left : kTickMs));
  }
  return interrupted_error();
}

}  // namespace culprit::demo
