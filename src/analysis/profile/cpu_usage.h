// The CPU time of processes while this was recorded: of those that serve requests, and of all others.
#pragma once

#include <string>
#include <vector>

#include "analysis/profile/workload_profile.h"

namespace culprit::analysis {

struct CpuHolder {
  std::string name;  // the program
  std::string command;
  int32_t pid = 0;  // of the one with the most time, where several run the same program
  int64_t running_ns = 0;
  int64_t held_from_requests_ns = 0;  // ran while a request was ready for the CPU
  int processes = 0;
  bool recorder = false;  // culprit itself, which runs because of the recording
  bool serves = false;    // takes part in requests, or works for one that does
};

// Below this share of all CPUs' time there is a free CPU most of the time, and a short wait for one is the scheduler's ordinary
// work.
constexpr double kBusy = 0.85;

struct CpuUsage {
  bool known = false;  // processes' CPU time was recorded
  double busy = -1;    // share of all CPUs' time; -1: not known
  int32_t cpus = 0;
  int64_t running_ns = 0;          // of all processes
  int64_t capacity_ns = 0;         // all CPUs for all of the recording; 0: not known
  std::vector<CpuHolder> holders;  // most time first

  // The part of others' waiting for a CPU that `running_ns` of CPU time is answerable for.
  double share_of(int64_t ns) const {
    return running_ns > 0 ? static_cast<double>(ns) / static_cast<double>(running_ns) : 0;
  }
};

CpuUsage measure_cpu_usage(const WorkloadProfile& population);

}  // namespace culprit::analysis
