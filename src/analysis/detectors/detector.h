// A detector looks for the signature of one class in what was recorded, and says what each of its causes would be worth. None
// knows of another: what one leaves to another is declared in the registry, or handed in as `found`.
#pragma once

#include <vector>

#include "analysis/detectors/cause.h"
#include "analysis/profile/cpu_usage.h"

namespace culprit::analysis {

struct DetectorInput {
  const WorkloadProfile& now;
  const WorkloadProfile* before;  // shares now's Interner; null: no baseline
  const CpuUsage& cpu;
  const std::vector<Cause>* found = nullptr;  // causes of the detectors before this one
  double error = 0;  // probability of a false alarm: of all comparisons with `before`, then of each (contrast.h)
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
