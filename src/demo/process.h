// Child: a program that demo started. It runs in its own process group, as an unprivileged user, and dies with us.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/result.h"

namespace culprit::demo {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};
Result<User> find_user(const std::string& name);

struct Program {
  std::vector<std::string> arguments;    // the first is the path
  std::vector<std::string> environment;  // all of it: nothing is inherited
  std::string directory;                 // where it runs
  std::string output;                    // file for its stdout and stderr, appended; stdout only where not a dialogue
  User user;
  int death_signal = SIGKILL;                   // what it gets when we die
  enum class Talk { No, Yes } talk = Talk::No;  // Yes: its stdin and stdout are ours to write and read
};

class Child {
 public:
  Child() = default;  // none
  static Result<Child> start(const Program& program);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // stop(SIGTERM)

  int pid() const { return pid_; }
  const std::string& name() const { return name_; }
  bool running();
  // Its exit status, waited for; an error after `timeout_ms`, when it ends by a signal, or when we are interrupted.
  Result<int> wait(int timeout_ms);
  // `signal`, and SIGKILL where that is not obeyed within 5 s. Nothing where it has ended.
  void stop(int signal);
  void send(int signal);

  // For a program that talks: one line out, one line in (without its end).
  Result<void> write_line(const std::string& line);
  Result<std::string> read_line(int timeout_ms);

 private:
  Child(int pid, std::string name, int input, int output)
      : pid_(pid), name_(std::move(name)), input_(input), output_(output) {}
  void close_pipes();

  int pid_ = -1;  // -1: none, or ended and waited for
  int status_ = 0;
  std::string name_, read_;
  int input_ = -1, output_ = -1;
};

// Runs a program to its end. An error with the last lines of its output where it fails.
Result<void> run_to_end(const Program& program, int timeout_ms);

// Remembers SIGINT, SIGTERM and SIGHUP while it lives instead of letting them end us; the waits above then fail. At most one
// at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;

  static int signal();  // 0: none
};
Error interrupted_error();
// Error where interrupted, before or meanwhile.
Result<void> pause_for(int duration_ms);

}  // namespace culprit::demo
