// ProbeBudget: decides whether a probe is within its budget. The cost of a probe is the price of a hit times the hits
// per second, as a share of one CPU.
//
// A price alone is not enough (10 µs a hit is cheap at ten hits a second), and one measurement is not reliable. The
// price is therefore the median of the last measurements, repeated while the probe runs. A probe over its budget is
// removed, and tried again later.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace culprit::capture {

class ProbeBudget {
 public:
  // `share`: of one CPU.
  explicit ProbeBudget(double share) : share_(share) {}

  void measured(uint64_t price_ns);
  uint64_t price_ns() const;

  enum class Verdict : uint8_t { Keep, MeasureAgain, TakeOff };
  // Judges the hits since the last call, which was `window_ns` ago. If the cost was over budget for a whole second, the
  // price must be measured again. If the new price confirms it, the probe must be removed.
  Verdict judge(uint64_t hits, uint64_t window_ns);
  // Returns the share of one CPU that the probe took in the last window.
  double last_share() const { return last_share_; }
  uint64_t last_rate() const { return last_rate_; }  // hits per second

  void taken_off(uint64_t now_ns);
  // Returns whether to try again: after 10 s, then after twice as long each time, up to 5 minutes.
  bool retry(uint64_t now_ns) const { return now_ns >= retry_ns_; }

 private:
  double share_;
  std::array<uint64_t, 5> prices_{};  // the last measurements, as a ring buffer
  size_t n_prices_ = 0;
  double last_share_ = 0;
  uint64_t last_rate_ = 0;
  uint64_t over_ns_ = 0;  // how long the cost has been over budget
  bool measured_again_ = false;
  uint64_t pause_ns_ = 0, retry_ns_ = 0;
};

}  // namespace culprit::capture
