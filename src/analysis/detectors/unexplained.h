// The time of one operation that the completeness rule (ranking/completeness.h) found unclaimed; input of the class
// `unexplained`.
#pragma once

#include <string>

#include "analysis/detectors/cause.h"

namespace culprit::analysis {

struct Unclaimed {
  size_t operation = 0;
  double share = 0;  // share of the operation's path
  PartTimes states = {};
  // The place with most of the time: all nodes of one service with this label, statement and role.
  CallNode place;
  double place_share = 0;  // share of the operation's path
  int32_t pid = 0;         // a process of the place's service; 0: none was recorded
};

// `left` returns the unclaimed time of a request.
Cause make_unexplained(const WorkloadProfile& now, const Unclaimed& unclaimed,
                       std::function<int64_t(const Request&)> left);

}  // namespace culprit::analysis
