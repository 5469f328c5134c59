// Services that are slow by the time inside their own spans without recorded waits: traces show that the time passes in
// a span and not in its calls, but not what the service does in it.
//
// A service is found by any of these: it takes far longer than the other services of the trace; its requests fall into
// a usual and a slow group (for each kind of work, so that different kinds are not mistaken for groups); with a
// baseline, it takes longer than before.
#pragma once

#include <string>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// The only origin whose requests are slow.
struct Confined {
  TextId origin = TextId::Empty;       // Empty: there is none
  int64_t slow_ns = 0, others_ns = 0;  // medians
};

struct Where {
  Confined version, instance;
  bool known() const { return version.origin != TextId::Empty || instance.origin != TextId::Empty; }
  // Whether it is limited to one replica, while other replicas of the same version are not slow.
  bool one_replica() const { return version.origin == TextId::Empty && instance.origin != TextId::Empty; }
};

struct SlowOwnTime {
  Cause cause;  // in the form of dependency_slow
  Where where;
};
std::vector<SlowOwnTime> find_slow_own_times(const DetectorInput& input);

EvidenceLine confinement(const Interner& names, const Confined& confined, const std::string& others);

}  // namespace culprit::analysis
