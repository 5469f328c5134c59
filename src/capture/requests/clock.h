// WallClock: turns the events' CLOCK_MONOTONIC into wall time by one pair of readings, taken at the start, for the whole
// recording: durations and order stay those of the monotonic clock. Later pairs only tell whether the wall clock was set.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace culprit::capture {

class WallClock {
 public:
  WallClock(int64_t mono_ns, int64_t wall_ns) : offset_(wall_ns - mono_ns), latest_(offset_) {}

  int64_t wall(int64_t mono_ns) const { return mono_ns + offset_; }
  // Whether the wall clock jumped since the last pair: NTP slews by at most 0.5 ms a second (adjtimex(2)), so more than
  // 10 ms between two readings is a step.
  bool stepped(int64_t mono_ns, int64_t wall_ns) {
    const int64_t offset = wall_ns - mono_ns;
    const bool step = std::llabs(offset - latest_) > 10'000'000;
    latest_ = offset;
    return step;
  }

 private:
  const int64_t offset_;
  int64_t latest_;
};

}  // namespace culprit::capture
