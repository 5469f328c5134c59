// The critical path of one trace: what the root waited for at each moment, in typed sections whose lengths sum to the
// root's duration exactly.
//
// The walk is iterative and goes backwards from the root's end. The child that ended last before the current bound is
// on the path, back to its own start, where its parent continues. Children that begin before or end after their parent
// are clipped to it; the clipped part never counts. Consumers of messages are not waited for. Internal work that
// continues noticeably after its parent's end is not waited for either. If calls prove that two machines' clocks
// differ, spans are first shifted to the root's clock (clock_skew.h): such a section lies within the root, not at the
// recorded times of its span. A span's own time is divided by the waits of its thread, if they were recorded.
#pragma once

#include <vector>

#include "model/section.h"

namespace culprit::analysis {

// Returns sections in order of time, without gaps or overlap; their lengths sum to the root's duration. Empty if the
// duration is negative.
std::vector<Section> critical_path(const Trace& trace, SpanIndex root);

}  // namespace culprit::analysis
