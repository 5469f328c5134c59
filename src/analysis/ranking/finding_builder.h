// Turns what was ranked into the findings of an answer: names, paths, figures, sentences.
#pragma once

#include <vector>

#include "analysis/ranking/ranking.h"

namespace culprit::analysis {

// The id of a cause: the same in every recording of it (no pids, ports or times).
std::string finding_id(const Cause& cause, std::string_view caller, std::string_view operation);

// The findings among `ranked`, in its order.
std::vector<Finding> make_findings(const DetectorInput& input, const std::vector<Ranked>& ranked);

// The latencies of all operations, those with most path time first.
std::vector<OperationSummary> summarise(const WorkloadProfile& profile);

// The share of requests whose loss would let the second cause win, or a healthy system look ill.
double flip_share(const DetectorInput& input, const std::vector<Ranked>& ranked);

// The share of requests that were already slow and unfinished when the recording ended, and that the first cause does not
// explain: what might count against it.
double open_share(const DetectorInput& input, const std::vector<Ranked>& ranked);

}  // namespace culprit::analysis
