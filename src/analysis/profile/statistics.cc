#include "analysis/profile/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/profile/dependence.h"

namespace culprit::analysis {

Distribution::Distribution(std::vector<Weighted> samples) : samples_(std::move(samples)) {
  std::sort(samples_.begin(), samples_.end());
  until_.reserve(samples_.size());
  int64_t sum = 0;
  double squares = 0;
  for (const Weighted& sample : samples_) {
    sum += sample.weight;
    squares += static_cast<double>(sample.weight) * static_cast<double>(sample.weight);
    until_.push_back(sum);
  }
  bool timed = std::any_of(samples_.begin(), samples_.end(),
                           [&](const Weighted& sample) { return sample.start_ns != samples_[0].start_ns; });
  if (timed) {
    in_time_.resize(samples_.size());
    std::iota(in_time_.begin(), in_time_.end(), 0);
    std::stable_sort(in_time_.begin(), in_time_.end(),
                     [&](uint32_t a, uint32_t b) { return samples_[a].start_ns < samples_[b].start_ns; });
  }
  if (squares > 0) effective_ = static_cast<double>(sum) * static_cast<double>(sum) / squares;
}

int64_t Distribution::quantile(double q) const {
  if (samples_.empty()) return 0;
  auto needed = static_cast<int64_t>(std::ceil(q * static_cast<double>(until_.back()) - 1e-9));
  auto at = std::lower_bound(until_.begin(), until_.end(), std::max<int64_t>(needed, 1));
  if (at == until_.end()) --at;
  return samples_[static_cast<size_t>(at - until_.begin())].value_ns;
}

// Returns the effective number of samples for a quantile. It is measured on a series: for each block of successive
// samples, the share above the quantile.
double Distribution::effective(double q) const {
  if (in_time_.empty() || q <= 0 || q >= 1) return effective_;
  // The samples are divided into up to 1024 blocks. If samples depend on each other only over shorter distances than a
  // block, the blocks are almost independent.
  size_t blocks = std::min<size_t>(in_time_.size(), 1024);
  int64_t quantile_ns = quantile(q);
  std::vector<double> above(blocks, 0), all(blocks, 0);
  double share = 0;
  auto total = static_cast<double>(weight());
  for (size_t i = 0; i < in_time_.size(); ++i) {
    const Weighted& sample = samples_[in_time_[i]];
    auto w = static_cast<double>(sample.weight);
    all[i * blocks / in_time_.size()] += w;
    if (sample.value_ns <= quantile_ns) continue;
    above[i * blocks / in_time_.size()] += w;
    share += w / total;
  }
  std::vector<double> series;
  for (size_t i = 0; i < blocks; ++i)
    series.push_back((above[i] - share * all[i]) * static_cast<double>(blocks) / total);
  double variance = measure_dependence(series).variance;
  return variance <= 0 ? effective_ : std::clamp(share * (1 - share) / variance, 1.0, effective_);
}

Interval Distribution::interval(double q) const {
  if (samples_.empty()) return {};
  double n = effective(q);
  // Normal approximation of the binomial's ranks. One more rank on each side makes it conservative for small n.
  double half = (1.96 * std::sqrt(n * q * (1 - q)) + 1) / n;
  return {quantile(std::max(q - half, 0.0)), quantile(std::min(q + half, 1.0))};
}

Interval Distribution::range(double q, double z) const {
  if (samples_.empty()) return {};
  double half = z * std::sqrt(q * (1 - q) / effective(q));
  return {quantile(std::max(q - half, 0.0)), quantile(std::min(q + half, 1.0))};
}

double Distribution::mean() const {
  if (samples_.empty()) return 0;
  __int128 sum = 0;
  for (const Weighted& sample : samples_) sum += static_cast<__int128>(sample.value_ns) * sample.weight;
  return static_cast<double>(sum) / static_cast<double>(until_.back());
}

// Compares, at every cut of the sorted values, a low quantile of the values above with a high quantile of the values
// below. For a single group with a long tail, as latencies have, the ratio is below 2 everywhere (log-normal, σ = 1). A
// cause that affects only some requests leaves a gap.
Groups two_groups(std::vector<int64_t> values) {
  constexpr size_t kFewest = 10;  // in either group
  constexpr double kGap = 3;
  // Some programs' clocks cannot measure shorter times.
  constexpr int64_t kLeastNs = 1'000'000;
  Groups groups;
  groups.all = values.size();
  if (values.size() < 2 * kFewest) return groups;
  std::sort(values.begin(), values.end());
  size_t n = values.size(), best = 0;
  double widest = kGap;
  for (size_t cut = std::max(kFewest, n / 5); cut + kFewest <= n; ++cut) {
    auto low = static_cast<double>(std::max(values[cut * 19 / 20], kLeastNs));
    double gap = static_cast<double>(values[cut + (n - cut) / 10]) / low;
    if (gap > widest) widest = gap, best = cut;
  }
  if (best == 0) return groups;
  // The gap is where two neighbours differ most.
  size_t from = std::max<size_t>(best * 19 / 20, 1), to = best + (n - best) / 10;
  auto ratio = [&](size_t i) {
    return static_cast<double>(values[i]) / static_cast<double>(std::max(values[i - 1], kLeastNs));
  };
  for (size_t i = best = from; i <= to; ++i)
    if (ratio(i) > ratio(best)) best = i;
  groups.apart = true;
  groups.usual_ns = values[best / 2], groups.slow_ns = values[best + (n - best) / 2], groups.from_ns = values[best];
  groups.slow = n - best;
  return groups;
}

int64_t quantile(std::vector<int64_t> values, double q) {
  if (values.empty()) return 0;
  auto rank = static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(rank), values.end());
  return values[rank];
}

int64_t median(std::vector<int64_t> values) { return quantile(std::move(values), 0.5); }

}  // namespace culprit::analysis
