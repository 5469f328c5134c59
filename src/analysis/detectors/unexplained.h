// What the completeness rule (ranking/completeness.h) found unclaimed in one operation, for the class that names it.
#pragma once

#include <string>

#include "analysis/detectors/cause.h"

namespace culprit::analysis {

struct Unclaimed {
  size_t operation = 0;
  double share = 0;  // of the operation's path
  PartTimes states = {};
  // Where most of it lies: all nodes of one service with this label and statement, in one role.
  CallNode place;
  double place_share = 0;  // of the operation's path
  int32_t pid = 0;         // of a process of the place's service; 0: none was recorded
};

// `left` is the unclaimed time of a request.
Cause make_unexplained(const WorkloadProfile& now, const Unclaimed& unclaimed,
                       std::function<int64_t(const Request&)> left);

}  // namespace culprit::analysis
