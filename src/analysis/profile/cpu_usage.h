// The CPU time of processes during the recording: of those that serve requests, and of all others.
#pragma once

#include <string>
#include <vector>

#include "analysis/profile/workload_profile.h"

namespace culprit::analysis {

struct CpuHolder {
  std::string name;  // the program's name
  std::string command;
  int32_t pid = 0;  // if several run the same program: the one with the most CPU time
  int64_t running_ns = 0;
  int64_t held_from_requests_ns = 0;  // CPU time while a request was waiting for a CPU
  int processes = 0;
  bool recorder = false;  // culprit itself, which runs because of the recording
  bool serves = false;    // takes part in requests, or works for a process that does
};

// The share of all CPUs' time above which CPUs count as busy. Below it a CPU is free most of the time, and a short wait
// for one is normal scheduling.
constexpr double kBusy = 0.85;

struct CpuUsage {
  bool known = false;  // the CPU time of processes was recorded
  double busy = -1;    // share of all CPUs' time; -1: unknown
  int32_t cpus = 0;
  int64_t running_ns = 0;          // of all processes
  int64_t capacity_ns = 0;         // time of all CPUs during the recording; 0: unknown
  std::vector<CpuHolder> holders;  // most time first

  // Returns the share of other processes' waits for a CPU that is due to `running_ns` of CPU time.
  double share_of(int64_t ns) const {
    return running_ns > 0 ? static_cast<double>(ns) / static_cast<double>(running_ns) : 0;
  }
};

CpuUsage measure_cpu_usage(const WorkloadProfile& profile);

}  // namespace culprit::analysis
