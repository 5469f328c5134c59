// CHECK: an invariant of ours that must hold. A broken one is a bug: say where, say why, stop.
//
// Never for what the world does (Result) or for imperfect data (a ledger row).
#pragma once

namespace culprit {

// Prints the place and the stack to stderr and aborts.
[[noreturn]] void check_failed(const char* expression, const char* why, const char* file, int line);

}  // namespace culprit

#define CHECK(condition, why) \
  (static_cast<bool>(condition) ? void() : ::culprit::check_failed(#condition, why, __FILE__, __LINE__))
