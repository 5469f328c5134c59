// The critical path of one trace: what the root waited for at each moment, in typed sections that sum to the root exactly.
//
// Iterative walk backwards from the root's end: the child that ended last before the bound had the path, down to its own
// start, where its parent takes over again. Children that begin before or end after their parent are clipped to it; the
// clipped part is never counted. Nobody waits for who takes a message, nor for work of a program's own that outlives its
// parent by more than an instant. Where calls prove that two machines' clocks differ, their spans are put on the root's clock
// first (clocks.h): such a section lies in the root, not between the times that its span was sent with. A span's own time is
// split by what its thread did, where that was recorded.
#pragma once

#include <vector>

#include "model/section.h"

namespace culprit::analysis {

// In order of time, without gaps or overlap; their lengths sum to the root's duration. Empty for a negative duration.
std::vector<Section> critical_path(const Trace& trace, SpanIndex root);

}  // namespace culprit::analysis
