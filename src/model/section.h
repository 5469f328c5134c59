// Section: a stretch of a trace's critical path.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/trace.h"

namespace culprit {

enum class SectionKind : uint8_t {
  Own,       // the span's own work: running, or nothing known of it
  Runnable,  // ready, waiting for a CPU
  Lock,
  Disk,
  Network,
  Sleep,
  Peer,         // waiting for a callee that was not itself seen
  Callee,       // between a caller's and its callee's view of one call: the wire and both queues
  Unexplained,  // blocked, reason not known
};
std::string_view to_string(
    SectionKind kind);  // "own" "runnable" "lock" "disk" "network" "sleep" "peer" "callee" "unexplained"

struct Section {
  SpanIndex span;
  int64_t start_ns, end_ns;
  SectionKind kind;
};

}  // namespace culprit
