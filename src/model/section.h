// Section: a part of a trace's critical path.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/trace.h"

namespace culprit {

enum class SectionKind : uint8_t {
  Own,       // the span's own work: it ran, or nothing is known about its threads
  Runnable,  // ready, waiting for a CPU
  Lock,
  Disk,
  Network,
  Sleep,
  Peer,         // waiting for a callee that was not seen
  Callee,       // between the caller's and the callee's view of a call: the network and both queues
  Unexplained,  // blocked for an unknown reason
};
std::string_view to_string(
    SectionKind kind);  // "own" "runnable" "lock" "disk" "network" "sleep" "peer" "callee" "unexplained"

struct Section {
  SpanIndex span;
  int64_t start_ns, end_ns;
  SectionKind kind;
};

}  // namespace culprit
