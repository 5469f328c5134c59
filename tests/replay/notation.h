// Recorded events as a person writes them (tests/replay/README.md), for the request tracker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "requests/tree/request_tracker.h"

namespace culprit::replay {

// The tracker's clocks when a replay begins: 0 ms of its times.
constexpr int64_t kStartMono = 1'000'000'000;
constexpr int64_t kStartWall = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z

struct Happening {
  int64_t mono_ns = 0;
  std::function<void(requests::RequestTracker&)> tell;
};

struct Events {
  requests::TrackerOptions options;
  std::map<int32_t, requests::ProcessInfo> processes;
  std::vector<uint16_t> listening_ports;
  std::vector<Happening> happenings;  // in order of time
  std::vector<requests::SleepingThread> sleeping;
  int64_t end_ns = 0;  // monotonic
};

Result<Events> read_events(std::string_view text);

}  // namespace culprit::replay
