// The clocks of one trace: the offsets between its machines' clocks, as far as the trace's calls prove them.
#pragma once

#include <vector>

#include "model/trace.h"

namespace culprit::analysis {

// Returns for each span the offset to add to its times, so that they refer to the clock of `root`'s machine. Empty if
// nothing proves that clocks differ, which is the usual case. The recorded times are not changed: this is a separate
// estimate.
//
// A message is received after it is sent, in both directions. Each call between two machines therefore gives two bounds
// for the offset of their clocks. The estimate is the middle of the range that all calls of a pair allow. If the range
// contains 0, or the calls contradict each other (a clock drifts, a caller gave up), the offset is 0. Spans of one
// machine are never shifted against each other.
std::vector<int64_t> clock_shifts(const Trace& trace, SpanIndex root);

}  // namespace culprit::analysis
