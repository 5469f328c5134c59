// truth.json (culprit.truth/1): what demo planted and when, for judging the answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "demo/fault.h"

namespace culprit::demo {

struct Timetable {
  int64_t planted_ns = 0, healed_ns = 0;  // Unix time
  int64_t before_from_ns = 0, before_to_ns = 0, after_from_ns = 0, after_to_ns = 0;
  double before_cpu_busy = 0, after_cpu_busy = 0;  // share of all CPUs during each recording
};

struct ServiceSeen {
  std::string name;
  int pid, port;
};

struct TruthFile {
  Truth truth;
  Timetable times;
  std::string instance, version;
  int postmaster_pid = 0, load_pid = 0;
  uint32_t load_seed = 0;
  std::vector<ServiceSeen> services;
  std::vector<Seen> before, after;  // measured by the client
};

std::string truth_json(const TruthFile& file);

}  // namespace culprit::demo
