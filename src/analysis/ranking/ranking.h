// Ranks causes by the one rule (cause.h), and decides which of them are findings.
#pragma once

#include <vector>

#include "analysis/detectors/detector.h"
#include "analysis/ranking/impact.h"

namespace culprit::analysis {

// Without anything comparable only the most that could be saved is known: half of it counts.
constexpr double kNoComparable = 0.5;

struct Ranked {
  Cause cause;
  Impact impact;  // of the operation where it costs most
  double score = 0;
  bool finding = false;    // material, and the signature (or the change) holds
  bool explained = false;  // by a cause that ranks above it, or that wins against it
};

// All causes of an input, best first; `unexplained` last. What is no finding may still be a next-best hypothesis.
std::vector<Ranked> rank_causes(const DetectorInput& given, DatabaseInspector* inquiry);

// The same operation in another population, or null.
const Operation* same_operation(const WorkloadProfile& profile, const Operation& operation);

}  // namespace culprit::analysis
