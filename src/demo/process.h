// Child: a program that demo started. It runs in its own process group, as an unprivileged user, and ends with demo.
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
  std::vector<std::string> arguments;    // the first is the path of the program
  std::vector<std::string> environment;  // complete: nothing is inherited
  std::string directory;                 // its working directory
  // file for its stdout and stderr, appended; without stdout if the program talks
  std::string output;
  User user;
  int death_signal = SIGKILL;                   // signal that it receives when demo ends
  enum class Talk { No, Yes } talk = Talk::No;  // Yes: its stdin and stdout are pipes to demo
};

class Child {
 public:
  Child() = default;  // no process
  static Result<Child> start(const Program& program);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // calls stop(SIGTERM)

  int pid() const { return pid_; }
  const std::string& name() const { return name_; }
  bool running();
  // Returns its exit status after waiting; an error after `timeout_ms`, if a signal ended it, or if demo is
  // interrupted.
  Result<int> wait(int timeout_ms);
  // Sends `signal`, and SIGKILL if the process has not ended after 5 s. Does nothing if it has ended.
  void stop(int signal);
  void send(int signal);

  // For a program that talks: sends one line, or receives one line (without its end).
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

// Runs a program to its end. If it fails, the error contains the last lines of its output.
Result<void> run_to_end(const Program& program, int timeout_ms);

// While it exists, SIGINT, SIGTERM and SIGHUP are stored and do not end the process; the waits above then fail. At most
// one exists at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;

  static int signal();  // 0: none
};
Error interrupted_error();
// Returns an error if a signal came before or during the pause.
Result<void> pause_for(int duration_ms);

}  // namespace culprit::demo
