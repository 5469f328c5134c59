#include "capture/kernel/probe_budget.h"

#include <algorithm>

namespace culprit::capture {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kFirstPause = 10 * kSecond, kLongestPause = 300 * kSecond;

}  // namespace

void ProbeBudget::measured(uint64_t price_ns) { prices_[n_prices_++ % prices_.size()] = price_ns; }

uint64_t ProbeBudget::price_ns() const {
  const size_t n = std::min(n_prices_, prices_.size());
  if (n == 0) return 0;
  std::array<uint64_t, 5> sorted = prices_;
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(n));
  return sorted[(n - 1) / 2];  // of an even number the smaller one: noise only increases a measurement
}

ProbeBudget::Verdict ProbeBudget::judge(uint64_t hits, uint64_t window_ns) {
  if (window_ns == 0) return Verdict::Keep;
  const double seconds = static_cast<double>(window_ns) / static_cast<double>(kSecond);
  last_rate_ = static_cast<uint64_t>(static_cast<double>(hits) / seconds);
  last_share_ = static_cast<double>(hits) * static_cast<double>(price_ns()) / static_cast<double>(window_ns);
  if (last_share_ <= share_) {
    over_ns_ = 0;
    measured_again_ = false;
    return Verdict::Keep;
  }
  over_ns_ += window_ns;
  if (over_ns_ < kSecond) return Verdict::Keep;
  if (measured_again_) return Verdict::TakeOff;
  measured_again_ = true;
  return Verdict::MeasureAgain;
}

void ProbeBudget::taken_off(uint64_t now_ns) {
  pause_ns_ = pause_ns_ == 0 ? kFirstPause : std::min(2 * pause_ns_, kLongestPause);
  retry_ns_ = now_ns + pause_ns_;
  over_ns_ = 0;
  measured_again_ = false;
}

}  // namespace culprit::capture
