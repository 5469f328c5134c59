// The detectors: each looks for the signature of one class and says what it would be worth. None looks at another's file;
// what one must leave to another (a slow statement's CPU, a storm's flushes) is passed in.
#pragma once

#include <set>
#include <vector>

#include "analysis/cause.h"
#include "analysis/cpu_story.h"

namespace culprit::analysis {

// Statement texts whose own work is already blamed.
using Claimed = std::set<uint32_t>;

std::vector<Cause> find_slow_statements(const Scene& scene, const CpuStory& cpu);
// `slow`: where a lock's holder ran one of these, the slow statement is the cause of the wait, and gets its time.
std::vector<Cause> find_lock_waits(const Scene& scene, std::vector<Cause>& slow);
std::vector<Cause> find_fsync_storms(const Scene& scene);
std::vector<Cause> find_n_plus_one(const Scene& scene, const Claimed& slow);
// `slow_share`: the part of all CPU time that slow statements took, whose making others wait is theirs.
std::vector<Cause> find_cpu_saturation(const Scene& scene, const CpuStory& cpu, double slow_share);
std::vector<Cause> find_cpu_throttled(const Scene& scene, const CpuStory& cpu);
std::vector<Cause> find_slow_dependencies(const Scene& scene);
std::vector<Cause> find_cpu_bound(const Scene& scene);
// From spans alone:
std::vector<Cause> find_own_time(const Scene& scene);
std::vector<Cause> find_slow_edges(const Scene& scene);
std::vector<Cause> find_retry_storms(const Scene& scene);
std::vector<Cause> find_failures(const Scene& scene);
std::vector<Cause> find_serial_calls(const Scene& scene);  // with a baseline only
std::vector<Cause> find_unexplained(const Scene& scene);

}  // namespace culprit::analysis
