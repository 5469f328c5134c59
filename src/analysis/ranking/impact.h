// Impact: the cost of a cause for one operation, and the duration of its requests without the cause, calculated for
// each request.
#pragma once

#include <vector>

#include "analysis/detectors/cause.h"

namespace culprit::analysis {

struct Impact {
  size_t operation = 0;  // index into the profile's operations
  int64_t affected = 0;  // requests that the cause affects, weighted
  double saved_ns = 0;   // likely saving, weighted sum over the operation's requests
  double most_ns = 0;    // the mechanism's time, weighted sum
  double share = 0;      // the mechanism's time as a share of the operation's path time
  int64_t p95_ns = 0;    // in this recording
  Interval p95_interval;
  int64_t most_after_ns = 0, likely_after_ns = 0;  // p95 without the cause
  // the expected range of the p95 in another recording without the cause
  Interval after;
  double calls_per_request = 0;
  bool comparable = true;                       // whether likely_after_ns differs from most_after_ns
  bool changed = false;                         // with a baseline: more than before
  int64_t before_mean_ns = 0, now_mean_ns = 0;  // the mechanism's time per request
  int64_t before_p95_ns = 0;                    // of the operation, in the baseline
  bool material = false;
  std::vector<TraceId> exemplars;
};

// Returns whether requests take longer than before; `error` is the probability of a false alarm. The first overload
// compares one operation, the second all operations together, each relative to its usual duration before.
bool is_slower(const Operation& before, const Operation& now, double error);
bool is_slower(const WorkloadProfile& before, const WorkloadProfile& now, double error);

// Returns the same operation in another profile, or null.
const Operation* same_operation(const WorkloadProfile& profile, const Operation& operation);

// `before` is the same operation in the baseline, or null. `error` is the probability that this comparison reports a
// change where there is none (contrast.h).
Impact measure_impact(const Cause& cause, const WorkloadProfile& now, size_t operation, const Operation* before,
                      double error);

}  // namespace culprit::analysis
