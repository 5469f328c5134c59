// The first failure of failed requests: the deepest span with an error. The majority of a service's failures decides
// the class: with or without an exception.
#pragma once

#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// Returns the causes of one class: Exception or ErrorReturn.
std::vector<Cause> find_request_failures(const DetectorInput& input, FindingClass wanted);

}  // namespace culprit::analysis
