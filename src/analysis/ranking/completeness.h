// The completeness rule: nothing slow goes without a finding.
//
// An operation is judged where it has at least 20 requests and a p95 of at least 100 ms, or of at least 20 ms where that is five
// times its median or where one child or one wait takes four fifths of it. If findings leave a fifth of its path unclaimed, the
// best candidate that explains half of that becomes a finding; else what is left is one of class `unexplained`.
//
// Excepted: a program's own running time for which nothing queues, and waits that a stated sign shows to be meant: a command that
// blocks until there is news, a name that says so, and requests that end well at a constant or, before it, at any time (a long poll).
#pragma once

#include <vector>

#include "analysis/ranking/ranking.h"

namespace culprit::analysis {

// Adds to `ranked`, which holds all candidates, best first. Without a baseline candidates may become findings.
void complete(const DetectorInput& input, std::vector<Ranked>& ranked);

}  // namespace culprit::analysis
