// Child: a process that waits before it executes its program, so that the program is recorded from its first
// instruction.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace culprit::capture {

class Child {
 public:
  // Forks; the child waits for go().
  static Result<Child> start(const std::vector<std::string>& command);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  // If go() was not called, the child ends without running. A running program is not ended.
  ~Child();

  pid_t pid() const { return pid_; }
  // Makes the child execute the program; returns an Error if that fails.
  Result<void> go();
  // Returns its exit status as a shell does, after it has ended.
  std::optional<int> ended();

 private:
  Child(pid_t pid, int gate, int failure) : pid_(pid), gate_(gate), failure_(failure) {}

  pid_t pid_;
  int gate_;     // a byte written here starts the program
  int failure_;  // gives errno of a failed exec; closed by a successful one
  std::optional<int> status_;
};

}  // namespace culprit::capture
