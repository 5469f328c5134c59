// The completeness rule: no slow operation is without a finding.
//
// An operation is judged if it has at least 20 requests and a p95 of at least 100 ms. It is also judged if its p95 is
// at least 20 ms and either five times its median, or one child or one wait takes four fifths of it. If findings leave
// a fifth of its path unclaimed, the best candidate that explains half of that time becomes a finding. Otherwise the
// remaining time becomes a finding of class `unexplained`.
//
// Exceptions: a program's own running time while nothing queues for a CPU, and waits that are intended according to a
// documented sign. Such signs are a command that blocks until an event, a name that says so, and requests that end
// successfully after a constant time or, before it, at any time (a long poll).
#pragma once

#include <vector>

#include "analysis/ranking/ranking.h"

namespace culprit::analysis {

// Completes `ranked`, which holds all candidates, the best first. Without a baseline, candidates may become findings.
void complete(const DetectorInput& input, std::vector<Ranked>& ranked);

}  // namespace culprit::analysis
