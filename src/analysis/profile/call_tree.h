// SpanNodes: the node of the call tree for each span of a trace. This file also finds calls that a caller repeats.
#pragma once

#include <vector>

#include "analysis/profile/interner.h"
#include "analysis/profile/workload_profile.h"

namespace culprit::analysis {

struct SpanNodes {
  std::vector<NodeId> of;              // index: span; its node, never None
  std::vector<StatementId> statement;  // index: span; the database statement of its call; None: no such call
  std::vector<SpanIndex> entry;        // index: span; the span by which a request entered the service
  std::vector<SpanIndex> heads;        // the caller's first span of each call
};
SpanNodes place_spans(const Trace& trace, Interner& names);

// Returns calls of one node by one caller that follow one another; at least kFewestRepeats of them.
std::vector<Repeat> find_repeats(const Trace& trace, const SpanNodes& nodes);
// Fewer repeats are common in programs (facts: Sentry and perf-sentinel both use 5).
constexpr int64_t kFewestRepeats = 5;

// Returns the critical path from `root`, summed by node.
std::vector<Part> parts_of(const Trace& trace, SpanIndex root, const SpanNodes& nodes);

}  // namespace culprit::analysis
