// The critical path of one trace: what the root waited for at each moment, in typed sections that sum to the root exactly.
//
// Iterative walk backwards from the root's end: the child that ended last before the bound had the path, down to its own
// start, where its parent takes over again. Children that begin before or end after their parent are clipped to it; the clipped part
// is never counted. A span's own time is split by what its thread did, where that was recorded.
#pragma once

#include <string_view>
#include <vector>

#include "model/trace.h"

namespace culprit::analysis {

enum class SectionKind : uint8_t {
  Own,          // the span's own work: running, or nothing known of it
  Runnable,     // ready, waiting for a CPU
  Lock, Disk, Network, Sleep,
  Peer,         // waiting for a callee that was not itself seen
  Callee,       // between a caller's and its callee's view of one call: the wire and both queues
  Unexplained,  // blocked, reason not known
};
std::string_view to_string(SectionKind kind);  // "own" "runnable" "lock" "disk" "network" "sleep" "peer" "callee" "unexplained"

struct Section {
  SpanIndex span;
  int64_t start_ns, end_ns;
  SectionKind kind;
};

// In order of time, without gaps or overlap; their lengths sum to the root's duration. Empty for a negative duration.
std::vector<Section> critical_path(const Trace& trace, SpanIndex root);

}  // namespace culprit::analysis
