// CHECK: checks an invariant of our own code. A violation is a bug: CHECK prints the place and the reason, and aborts.
//
// Failures of the environment are a Result instead, and imperfect data is a ledger row.
#pragma once

namespace culprit {

// Prints the place and the stack to stderr and aborts.
[[noreturn]] void check_failed(const char* expression, const char* why, const char* file, int line);

}  // namespace culprit

#define CHECK(condition, why) \
  (static_cast<bool>(condition) ? void() : ::culprit::check_failed(#condition, why, __FILE__, __LINE__))
