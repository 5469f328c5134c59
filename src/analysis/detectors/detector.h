// The detectors: each looks for the signature of one class and says what it would be worth. None looks at another's file;
// what one must leave to another (a slow statement's CPU, a storm's flushes) is passed in.
#pragma once

#include <set>
#include <vector>

#include "analysis/detectors/cause.h"
#include "analysis/profile/cpu_usage.h"

namespace culprit::analysis {

// Statement texts whose own work is already blamed.
using Claimed = std::set<uint32_t>;

std::vector<Cause> find_slow_statements(const DetectorInput& scene, const CpuUsage& cpu);
// `slow`: where a lock's holder ran one of these, the slow statement is the cause of the wait, and gets its time.
std::vector<Cause> find_lock_waits(const DetectorInput& scene, std::vector<Cause>& slow);
std::vector<Cause> find_fsync_storms(const DetectorInput& scene);
std::vector<Cause> find_n_plus_one(const DetectorInput& scene, const Claimed& slow);
// `slow_share`: the part of all CPU time that slow statements took, whose making others wait is theirs.
std::vector<Cause> find_cpu_saturation(const DetectorInput& scene, const CpuUsage& cpu, double slow_share);
std::vector<Cause> find_cpu_throttled(const DetectorInput& scene, const CpuUsage& cpu);
std::vector<Cause> find_slow_dependencies(const DetectorInput& scene);
std::vector<Cause> find_cpu_bound(const DetectorInput& scene);
// From spans alone:
std::vector<Cause> find_bad_instances(const DetectorInput& scene);
std::vector<Cause> find_network_delays(const DetectorInput& scene);
std::vector<Cause> find_retry_storms(const DetectorInput& scene);
std::vector<Cause> find_request_errors(const DetectorInput& scene);
std::vector<Cause> find_serial_calls(const DetectorInput& scene);  // with a baseline only
std::vector<Cause> find_unexplained(const DetectorInput& scene);

}  // namespace culprit::analysis
