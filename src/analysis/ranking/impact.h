// Impact: what a cause costs one operation, and what its requests would take without it, by re-timing each of them.
#pragma once

#include <vector>

#include "analysis/detectors/cause.h"

namespace culprit::analysis {

struct Impact {
  size_t operation = 0;  // index into the population's
  int64_t affected = 0;  // requests that the cause touches, weighted
  double saved_ns = 0;   // weighted sum over the operation's requests, likely
  double most_ns = 0;    // what the mechanism took, weighted sum
  double share = 0;      // most, of the operation's path time
  int64_t p95_ns = 0;    // now
  Interval p95_interval;
  int64_t most_after_ns = 0, likely_after_ns = 0;  // p95 without it
  Interval after;                                  // where the p95 of another recording without it should lie
  double calls_per_request = 0;
  bool comparable = true;                       // whether likely_after_ns is more than most_after_ns
  bool changed = false;                         // with a baseline: more than before
  int64_t before_mean_ns = 0, now_mean_ns = 0;  // the mechanism's time per request
  int64_t before_p95_ns = 0;                    // of the operation, in the baseline
  bool material = false;
  std::vector<TraceId> exemplars;
};

// `before` is the same operation in the baseline, or null. `error`: the probability with which this one comparison may call
// changed what has not (contrast.h).
Impact measure_impact(const Cause& cause, const WorkloadProfile& now, size_t operation, const Operation* before,
                      double error);

}  // namespace culprit::analysis
