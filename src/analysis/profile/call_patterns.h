// Patterns in the calls of one caller within a request: retries, concurrent calls, and the first failure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/profile/interner.h"
#include "analysis/profile/service_instances.h"
#include "model/trace.h"

namespace culprit::analysis {

struct SpanNodes;

// A call that failed and was made again, until it succeeded or the caller gave up.
struct Retry {
  NodeId node = NodeId::None;  // node of the calls
  int64_t failed = 0;          // failed attempts
  int64_t wasted_ns = 0;       // from the start of the first attempt to the start of the last
};

// The calls that one service makes while it handles one request, with at least two kinds of calls.
struct FanOut {
  NodeId node = NodeId::None;  // node of the handling service
  int64_t calls = 0, kinds = 0;
  // of the calls: sum of durations; time in which any was active; the longest duration
  int64_t sum_ns = 0, union_ns = 0, longest_ns = 0;
};

// The first failure of a failed request: the deepest span that has an error.
struct Failure {
  NodeId node = NodeId::None;
  TextId said = TextId::Empty;  // the exception's type or the status, as a text; 0: none
  bool exception = false;
  bool tolerated = false;  // the request succeeded without the failed call
};

// Time in spans of one node without recorded waits and outside of their children, on the critical path or not. It
// separates work that is on the path only when it is slow from work that is always slow.
struct OwnTime {
  NodeId node = NodeId::None;
  int64_t ns = 0, spans = 0;
  Origin origin;  // of the span with the most of this time
};

std::vector<OwnTime> find_own_times(const Trace& trace, SpanIndex root, const SpanNodes& nodes, const Interner& names,
                                    const ServiceInstances& origins);
std::vector<Retry> find_retries(const Trace& trace, SpanIndex root, const SpanNodes& nodes);
std::vector<FanOut> find_fan_outs(const Trace& trace, SpanIndex root, const SpanNodes& nodes);
std::optional<Failure> find_failure(const Trace& trace, SpanIndex root, const SpanNodes& nodes, Interner& names);

}  // namespace culprit::analysis
