// WallClock: turns the monotonic clock of events into wall time.
//
//   wall − monotonic   ──────────────┐            one piece between two steps: durations and order within it stay those of the
//                                    └──────────  monotonic clock, and a step, or a suspend, displaces no later row
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace culprit::requests {

class WallClock {
 public:
  WallClock(int64_t mono_ns, int64_t wall_ns) : latest_(wall_ns - mono_ns) { pieces_.push_back({mono_ns, latest_}); }

  int64_t wall(int64_t mono_ns) const {
    const Piece* piece = &pieces_.back();
    while (mono_ns < piece->from_ns && piece != &pieces_.front()) --piece;
    return mono_ns + piece->offset_ns;
  }

  // A later pair of readings. Whether the wall clock was set since the last one: NTP slews by at most 0.5 ms a second
  // (adjtimex(2)), so more than 10 ms between two readings is a step. What slews gather becomes a piece at 10 ms, too.
  bool read(int64_t mono_ns, int64_t wall_ns) {
    const int64_t offset_ns = wall_ns - mono_ns;
    const bool step = std::llabs(offset_ns - latest_) > kStep;
    latest_ = offset_ns;
    if (std::llabs(offset_ns - pieces_.back().offset_ns) <= kStep) return step;
    // Rows reach back for minutes, not for this many steps.
    if (pieces_.size() >= kMostPieces) pieces_.erase(pieces_.begin());
    pieces_.push_back({mono_ns, offset_ns});
    return step;
  }

 private:
  static constexpr int64_t kStep = 10'000'000;
  static constexpr size_t kMostPieces = 256;
  struct Piece {
    int64_t from_ns, offset_ns;
  };
  std::vector<Piece> pieces_;
  int64_t latest_;
};

}  // namespace culprit::requests
