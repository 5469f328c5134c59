#include "analysis/profile/contrast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/profile/dependence.h"

namespace culprit::analysis {

namespace {

// The number of blocks. With more blocks, the noise within each hides a slow drift; with fewer, drift and chance cannot
// be distinguished. Measured with the noise of contrast_test.cc, with an allowed error of 5 %: of 3000 comparisons of a
// system with itself, 2.2 % (12 blocks) and 3.7 % (24 blocks) reported a change. A change by half, of 100 independent
// requests, was found in 67 % and in 91 % of the cases.
constexpr size_t kBlocks = 24;
// A recording with ten times as many requests has more blocks of the same size, up to this number.
constexpr size_t kMostBlocks = 1024;
// The mean of a series and its dependence are estimated from the same values; each costs one degree of freedom. A
// series that drifts from end to end keeps less than one.
constexpr double kEstimated = 2, kLeastFreedom = 0.5;
constexpr size_t kFewestBlocks = 4;
// Shorter differences are within the scheduler's noise.
constexpr double kGrainNs = 100'000;

double quantile_of(Measure measure) {
  return measure == Measure::P95 ? 0.95 : measure == Measure::UpperQuartile ? 0.75 : 0.5;
}

// A block needs 20 requests for its p95, as a twentieth of 20 is one request. For other measures, one request is
// enough.
size_t least_block(Measure measure) { return measure == Measure::P95 ? 20 : 1; }

void sort_by_time(std::vector<Weighted>& samples) {
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Weighted& a, const Weighted& b) { return a.start_ns < b.start_ns; });
}

double measure_block(const Weighted* begin, const Weighted* end, Measure measure) {
  Distribution block(std::vector<Weighted>(begin, end));
  double value = measure == Measure::Mean ? block.mean() : static_cast<double>(block.quantile(quantile_of(measure)));
  return std::log(std::max(value, 0.0) + kGrainNs);
}

// Returns one value for each block of about `size` samples.
std::vector<double> blocks_of(const std::vector<Weighted>& samples, size_t size, Measure measure) {
  size_t n = samples.size() / size, used = std::min(n, kMostBlocks);
  std::vector<double> values;
  for (size_t i = 0; i < used; ++i) {
    size_t block = i * n / used;
    const Weighted* from = samples.data();
    values.push_back(
        measure_block(from + samples.size() * block / n, from + samples.size() * (block + 1) / n, measure));
  }
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// Welch's test of two means, with estimated variances and estimated numbers of independent values.
double half_width(const Dependence& a, const Dependence& b, double error) {
  double variance = a.variance + b.variance;
  if (variance <= 0) return 0;
  auto part = [](const Dependence& d) {
    return d.variance * d.variance / std::max(d.samples - kEstimated, kLeastFreedom);
  };
  return student_quantile(error, variance * variance / (part(a) + part(b))) * std::sqrt(variance);
}

// How often a sample is above a bound, with samples in order of time.
struct Frequency {
  double share = 0;
  Dependence dependence;  // of the share; its `samples` are independent ones
};

Frequency frequency_above(const std::vector<Weighted>& samples, int64_t bound_ns) {
  size_t blocks = std::min(samples.size(), kMostBlocks);
  std::vector<double> series;
  for (size_t i = 0; i < blocks; ++i) {
    size_t from = samples.size() * i / blocks, to = samples.size() * (i + 1) / blocks;
    auto above = std::count_if(samples.data() + from, samples.data() + to,
                               [&](const Weighted& sample) { return sample.value_ns > bound_ns; });
    series.push_back(static_cast<double>(above) / static_cast<double>(to - from));
  }
  Frequency found;
  found.share = mean_of(series), found.dependence = measure_dependence(series);
  auto n = static_cast<double>(samples.size());
  found.dependence.samples *= n / static_cast<double>(std::max<size_t>(blocks, 1));
  // Zero of n samples does not prove that the share is 0 (Laplace's rule of succession).
  double cautious = (found.share * n + 1) / (n + 2);
  found.dependence.variance =
      std::max(found.dependence.variance, cautious * (1 - cautious) / std::max(found.dependence.samples, 1.0));
  return found;
}

}  // namespace

Shift contrast(std::vector<Weighted> before, std::vector<Weighted> now, Measure measure, double error) {
  sort_by_time(before), sort_by_time(now);
  // Both series use blocks of one size: a quantile of few samples differs systematically from one of many.
  size_t size = std::max(least_block(measure), std::min(before.size(), now.size()) / kBlocks);
  std::vector<double> was = blocks_of(before, size, measure), is = blocks_of(now, size, measure);
  if (was.size() < kFewestBlocks || is.size() < kFewestBlocks) return {0, std::numeric_limits<double>::infinity()};
  return {mean_of(is) - mean_of(was), half_width(measure_dependence(was), measure_dependence(is), error)};
}

bool is_more_frequent(std::vector<Weighted> before, std::vector<Weighted> now, double error) {
  sort_by_time(before), sort_by_time(now);
  Frequency was = frequency_above(before, 0), is = frequency_above(now, 0);
  // A series without a failure, or with nothing else, does not show how much its samples depend on each other. It counts
  // as sqrt(n) independent samples: with one, nothing could ever be more frequent; with n, a burst would be.
  auto widen = [](Frequency& constant, double n) {
    if (n < 1 || (constant.share > 0 && constant.share < 1)) return;
    const double cautious = (constant.share * n + 1) / (n + 2);
    constant.dependence.samples = std::max(constant.dependence.samples, std::sqrt(n));
    constant.dependence.variance = cautious * (1 - cautious) / constant.dependence.samples;
  };
  widen(was, static_cast<double>(before.size()));
  widen(is, static_cast<double>(now.size()));
  return is.share - was.share > half_width(was.dependence, is.dependence, error);
}

bool goes_beyond(std::vector<Weighted> before, std::vector<Weighted> now, double error) {
  if (before.empty() || now.empty()) return false;
  sort_by_time(before), sort_by_time(now);
  int64_t longest_ns = std::max_element(before.begin(), before.end())->value_ns;
  // How much slow requests depend on each other is measured on requests above the median, in both recordings.
  int64_t usual_ns = Distribution(now).quantile(0.5);
  double was = frequency_above(before, usual_ns).dependence.samples;
  double is =
      std::min(frequency_above(now, usual_ns).dependence.samples, frequency_above(now, longest_ns).dependence.samples);
  double beyond = frequency_above(now, longest_ns).share * is, chance = 1;
  // The probability that the largest values of all are in `now`, if both are of one system (the precedence test).
  for (double i = 0; i + 1 <= beyond; ++i) chance *= (is - i) / (is + was - i);
  return chance < error;
}

}  // namespace culprit::analysis
