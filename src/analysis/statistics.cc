#include "analysis/statistics.h"

#include <algorithm>
#include <cmath>

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
  if (squares > 0) effective_ = static_cast<double>(sum) * static_cast<double>(sum) / squares;
}

int64_t Distribution::quantile(double q) const {
  if (samples_.empty()) return 0;
  auto needed = static_cast<int64_t>(std::ceil(q * static_cast<double>(until_.back()) - 1e-9));
  auto at = std::lower_bound(until_.begin(), until_.end(), std::max<int64_t>(needed, 1));
  if (at == until_.end()) --at;
  return samples_[static_cast<size_t>(at - until_.begin())].value_ns;
}

Interval Distribution::interval(double q) const {
  if (samples_.empty()) return {};
  // Normal approximation of the binomial's ranks; one rank wider on each side, which makes it conservative for small n.
  double half = (1.96 * std::sqrt(effective_ * q * (1 - q)) + 1) / effective_;
  return {quantile(std::max(q - half, 0.0)), quantile(std::min(q + half, 1.0))};
}

Interval Distribution::range(double q, double z) const {
  if (samples_.empty()) return {};
  double half = z * std::sqrt(q * (1 - q) / effective_);
  return {quantile(std::max(q - half, 0.0)), quantile(std::min(q + half, 1.0))};
}

double Distribution::mean() const {
  if (samples_.empty()) return 0;
  __int128 sum = 0;
  for (const Weighted& sample : samples_) sum += static_cast<__int128>(sample.value_ns) * sample.weight;
  return static_cast<double>(sum) / static_cast<double>(until_.back());
}

int64_t quantile(std::vector<int64_t> values, double q) {
  if (values.empty()) return 0;
  auto rank = static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(rank), values.end());
  return values[rank];
}

int64_t median(std::vector<int64_t> values) { return quantile(std::move(values), 0.5); }

}  // namespace culprit::analysis
