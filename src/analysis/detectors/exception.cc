// exception: requests fail, and the first failure has a recorded exception.
#include "analysis/detectors/request_failures.h"

namespace culprit::analysis {

std::vector<Cause> find_exceptions(const DetectorInput& input) {
  return find_request_failures(input, FindingClass::Exception);
}

}  // namespace culprit::analysis
