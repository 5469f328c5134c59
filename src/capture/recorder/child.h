// Child: a program that waits before it becomes itself, so that it is recorded from its first instruction.
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
  // One that was not let go never runs; one that runs is left alone.
  ~Child();

  pid_t pid() const { return pid_; }
  // Lets it execute the program; an Error where that is not possible.
  Result<void> go();
  // Its status as a shell gives it, once it has ended.
  std::optional<int> ended();

 private:
  Child(pid_t pid, int gate, int failure) : pid_(pid), gate_(gate), failure_(failure) {}

  pid_t pid_;
  int gate_;     // written to: go
  int failure_;  // read from: errno of a failed exec; closed by a successful one
  std::optional<int> status_;
};

}  // namespace culprit::capture
