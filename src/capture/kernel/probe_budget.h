// ProbeBudget: whether a probe is worth what it costs: the price of a hit times the hits a second, as a share of one CPU.
//
// A price alone says nothing (10 µs a hit is cheap at ten hits a second), and one measurement little: it is the median of
// the last ones, measured again while the probe runs. A probe over its budget is taken off, and tried again later.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace culprit::capture {

class ProbeBudget {
 public:
  // `share` of one CPU.
  explicit ProbeBudget(double share) : share_(share) {}

  void measured(uint64_t price_ns);
  uint64_t price_ns() const;

  enum class Verdict : uint8_t { Keep, MeasureAgain, TakeOff };
  // So many hits since the last call, which was `window_ns` ago. Over budget in all of a second: the price is to be measured
  // again, and if it is the same still, the probe to be taken off.
  Verdict judge(uint64_t hits, uint64_t window_ns);
  // The share of a CPU that it took in the last window.
  double last_share() const { return last_share_; }
  uint64_t last_rate() const { return last_rate_; }  // hits a second

  void taken_off(uint64_t now_ns);
  // Whether to try again: after 10 s, then twice as long each time, to 5 minutes.
  bool retry(uint64_t now_ns) const { return now_ns >= retry_ns_; }

 private:
  double share_;
  std::array<uint64_t, 5> prices_{};  // the last ones, round
  size_t n_prices_ = 0;
  double last_share_ = 0;
  uint64_t last_rate_ = 0;
  uint64_t over_ns_ = 0;  // for so long
  bool measured_again_ = false;
  uint64_t pause_ns_ = 0, retry_ns_ = 0;
};

}  // namespace culprit::capture
