// Clocks of one trace: how far those of its machines are apart, as far as its own calls prove it.
#pragma once

#include <vector>

#include "model/trace.h"

namespace culprit::analysis {

// By span: what to add to its times so that they are of the clock of `root`'s machine; empty where nothing proves that clocks
// differ, which is the rule. What was sent is not changed: this is an estimate beside it.
//
// Nothing is received before it is sent, and no answer before it was given: each call between two machines holds the offset of
// their clocks between two bounds. What all calls of a pair allow is the estimate, its middle; where they allow 0, or
// contradict each other (a clock that drifts, a caller that gave up), clocks are left alone. Spans of one machine are never
// shifted against each other.
std::vector<int64_t> clock_shifts(const Trace& trace, SpanIndex root);

}  // namespace culprit::analysis
