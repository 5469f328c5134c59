// Services that are slow by the time that passes in their own unwatched spans: traces tell that it passes between the begin and
// the end of a span and not in its calls, and nothing of what the service does meanwhile.
//
// Told by any of: it takes far longer than the other services here; its requests fall into two groups, the usual and the slow
// (by kind of work, so that different work is not mistaken for it); with a baseline, it takes longer than it did.
#pragma once

#include <string>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// The one origin whose requests are slow while those of others are not.
struct Confined {
  TextId origin = TextId::Empty;       // Empty: none
  int64_t slow_ns = 0, others_ns = 0;  // medians
};

struct Where {
  Confined version, instance;
  bool known() const { return version.origin != TextId::Empty || instance.origin != TextId::Empty; }
  // Confined to one replica, while every version that runs there is as slow elsewhere.
  bool one_replica() const { return version.origin == TextId::Empty && instance.origin != TextId::Empty; }
};

struct SlowOwnTime {
  Cause cause;  // as of a dependency
  Where where;
};
std::vector<SlowOwnTime> find_slow_own_times(const DetectorInput& input);

EvidenceLine confinement(const Interner& names, const Confined& confined, const std::string& others);

}  // namespace culprit::analysis
