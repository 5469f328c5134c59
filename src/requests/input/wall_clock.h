// WallClock: converts the monotonic clock of events to wall time.
//
//   wall − monotonic   ──────────────┐
//                                    └──────────
//
// The offset is constant in each piece between two steps. Durations and order within a piece are those of the monotonic
// clock. A step, or a suspend, does not move rows that came before it.
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

  // Takes a later pair of readings. Returns true if the wall clock was set since the previous pair. NTP slews the clock
  // by at most 0.5 ms per second (adjtimex(2)), so a change of more than 10 ms between two readings is a step. Slewing
  // that adds up to 10 ms starts a new piece as well.
  bool read(int64_t mono_ns, int64_t wall_ns) {
    const int64_t offset_ns = wall_ns - mono_ns;
    const bool step = std::llabs(offset_ns - latest_) > kStep;
    latest_ = offset_ns;
    if (std::llabs(offset_ns - pieces_.back().offset_ns) <= kStep) return step;
    // A row can be some minutes late. 256 pieces cover more than that, so the oldest piece can go.
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
