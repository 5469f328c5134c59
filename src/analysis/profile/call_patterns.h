// How one caller's calls follow one another within a request: what was tried again, what ran side by side, what failed first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/profile/interner.h"
#include "analysis/profile/service_instances.h"
#include "model/trace.h"

namespace culprit::analysis {

struct SpanNodes;

// A call that failed and was made again, until it was answered or given up.
struct Retry {
  NodeId node = NodeId::None;  // of the calls
  int64_t failed = 0;          // attempts
  int64_t wasted_ns = 0;       // from the first attempt's begin to the last's
};

// The calls of one handling of a request by one service, of two kinds at least.
struct FanOut {
  NodeId node = NodeId::None;  // of the handling
  int64_t calls = 0, kinds = 0;
  int64_t sum_ns = 0, union_ns = 0, longest_ns = 0;  // of the calls: added up; during which any ran; the longest
};

// Where a failed request failed first: the deepest of those that say so.
struct Failure {
  NodeId node = NodeId::None;
  TextId said = TextId::Empty;  // text: the exception's type, the status; 0: nothing
  bool exception = false;
  bool tolerated = false;  // the request was answered all the same, without what failed
};

// Time that passed in the unwatched spans of one node and in none of their children, on the path or not: what lies beside
// the path while it is quick, and on it when it is slow, is told from what is always slow.
struct OwnTime {
  NodeId node = NodeId::None;
  int64_t ns = 0;
  Origin origin;  // of the span that had most of it
};

std::vector<OwnTime> find_own_times(const Trace& trace, SpanIndex root, const SpanNodes& nodes, const Interner& names,
                                    const ServiceInstances& origins);
std::vector<Retry> find_retries(const Trace& trace, SpanIndex root, const SpanNodes& nodes);
std::vector<FanOut> find_fan_outs(const Trace& trace, SpanIndex root, const SpanNodes& nodes);
std::optional<Failure> find_failure(const Trace& trace, SpanIndex root, const SpanNodes& nodes, Interner& names);

}  // namespace culprit::analysis
