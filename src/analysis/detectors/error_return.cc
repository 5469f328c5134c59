// error_return: requests fail, and the first failure has a status only.
#include "analysis/detectors/request_failures.h"

namespace culprit::analysis {

std::vector<Cause> find_error_returns(const DetectorInput& input) {
  return find_request_failures(input, FindingClass::ErrorReturn);
}

}  // namespace culprit::analysis
