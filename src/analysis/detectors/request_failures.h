// Where failing requests fail first: the deepest span of a failed request that says so. Most of a service's failures decide
// whether an exception was seen there, or only a status.
#pragma once

#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// Those of one class: Exception or ErrorReturn.
std::vector<Cause> find_request_failures(const DetectorInput& input, FindingClass wanted);

}  // namespace culprit::analysis
