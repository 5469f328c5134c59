// SpanNodes: where in the call tree each span of a trace stands, and which calls repeat there.
#pragma once

#include <vector>

#include "analysis/profile/interner.h"
#include "analysis/profile/workload_profile.h"

namespace culprit::analysis {

struct SpanNodes {
  std::vector<NodeId> of;              // by span: its node; never None
  std::vector<StatementId> statement;  // by span: of the database call it is a view of; None: no such call
  std::vector<SpanIndex> entry;        // by span: the span by which its service was entered
  std::vector<SpanIndex> heads;        // the callers' first views of all calls
};
SpanNodes place_spans(const Trace& trace, Interner& names);

// The calls of one node by one caller that follow one another; at least kFewestRepeats of them.
std::vector<Repeat> find_repeats(const Trace& trace, const SpanNodes& nodes);
constexpr int64_t kFewestRepeats =
    5;  // fewer are how programs are written (facts: Sentry and perf-sentinel both take 5)

// The critical path from `root`, by node.
std::vector<Part> parts_of(const Trace& trace, SpanIndex root, const SpanNodes& nodes);

}  // namespace culprit::analysis
