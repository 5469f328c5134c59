// A detector looks for the signature of one class in the recorded data, and estimates what removing each of its causes
// would save. Detectors do not use each other. Precedence between their results is declared in the registry; results of
// earlier detectors are passed in `found`.
#pragma once

#include <vector>

#include "analysis/detectors/cause.h"
#include "analysis/profile/cpu_usage.h"
#include "base/cancel.h"

namespace culprit::analysis {

struct DetectorInput {
  const WorkloadProfile& now;
  const WorkloadProfile* before;  // shares the Interner of `now`; null: no baseline
  const CpuUsage& cpu;
  const std::vector<Cause>* found = nullptr;  // causes of the detectors that ran before
  // the probability that a comparison with the baseline reports a change where nothing changed
  double false_alarms = 0;
  std::vector<double> errors = {};  // for each operation: the allowed error of each of its comparisons with `before`
  const CancelToken* cancel = nullptr;  // once requested, the causes found are not used; may be null

  bool cancelled() const { return cancel != nullptr && cancel->requested(); }
};

std::vector<Cause> find_slow_statements(const DetectorInput& input);
std::vector<Cause> find_lock_waits(const DetectorInput& input);
std::vector<Cause> find_fsync_storms(const DetectorInput& input);
std::vector<Cause> find_n_plus_one(const DetectorInput& input);
std::vector<Cause> find_chatty_calls(const DetectorInput& input);
std::vector<Cause> find_poll_waits(const DetectorInput& input);
std::vector<Cause> find_pool_waits(const DetectorInput& input);
std::vector<Cause> find_cpu_saturation(const DetectorInput& input);
std::vector<Cause> find_cpu_throttled(const DetectorInput& input);
std::vector<Cause> find_cpu_bound(const DetectorInput& input);
std::vector<Cause> find_slow_dependencies(const DetectorInput& input);
std::vector<Cause> find_bad_instances(const DetectorInput& input);
std::vector<Cause> find_network_delays(const DetectorInput& input);
std::vector<Cause> find_retry_storms(const DetectorInput& input);
std::vector<Cause> find_exceptions(const DetectorInput& input);
std::vector<Cause> find_error_returns(const DetectorInput& input);
std::vector<Cause> find_serial_calls(const DetectorInput& input);

}  // namespace culprit::analysis
