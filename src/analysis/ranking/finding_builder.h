// Converts ranked causes into the findings of an answer: names, paths, figures, sentences.
#pragma once

#include <vector>

#include "analysis/ranking/ranking.h"

namespace culprit::analysis {

// Returns the id of a cause: the same in every recording (it contains no pids, ports or times).
std::string finding_id(const Cause& cause, std::string_view caller, std::string_view operation);

// Returns the findings among `ranked`, in the same order.
std::vector<Finding> make_findings(const DetectorInput& input, const std::vector<Ranked>& ranked);

// Returns the latencies of all operations; those with the most path time come first.
std::vector<OperationSummary> summarise(const WorkloadProfile& profile);

// Returns the share of requests whose loss would make the second cause win, or a healthy system look slow.
double flip_share(const DetectorInput& input, const std::vector<Ranked>& ranked);

// Returns the share of requests that were already slow and unfinished when the recording ended, and that the first
// cause does not explain: a reason for doubt.
double open_share(const DetectorInput& input, const std::vector<Ranked>& ranked);

}  // namespace culprit::analysis
