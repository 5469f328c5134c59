// Ranks causes by the ranking rule (cause.h), and decides which of them are findings.
#pragma once

#include <vector>

#include "analysis/detectors/detector.h"
#include "analysis/ranking/impact.h"

namespace culprit::analysis {

// If no comparable work is known, only the upper bound of the saving is known: half of it counts.
constexpr double kNoComparable = 0.5;

struct Ranked {
  Cause cause;
  Impact impact;  // for the operation where it costs most
  double score = 0;
  bool finding = false;    // material, and the signature (or the change) holds
  bool explained = false;  // by a cause that ranks above it, or has precedence over it
};

// Returns all causes of an input, the best first and `unexplained` last. A cause that is no finding may still be the
// next best hypothesis.
std::vector<Ranked> rank_causes(const DetectorInput& given, DatabaseInspector* inspector);

}  // namespace culprit::analysis
