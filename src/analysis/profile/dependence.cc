#include "analysis/profile/dependence.h"

#include <algorithm>
#include <cmath>

namespace culprit::analysis {

namespace {

double autocovariance(const std::vector<double>& centred, size_t lag) {
  double sum = 0;
  for (size_t i = lag; i < centred.size(); ++i) sum += centred[i] * centred[i - lag];
  return sum / static_cast<double>(centred.size());
}

// The continued fraction of the incomplete beta function (Numerical Recipes, 6.4; Lentz's method).
double beta_fraction(double a, double b, double x) {
  constexpr int kMostTerms = 500;
  constexpr double kTiny = 1e-300, kExact = 1e-14;
  auto apart = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / apart(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d), c = apart(1 + even / c);
    value *= d * c;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d), c = apart(1 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1) < kExact) break;
  }
  return value;
}

// P(|T| > t).
double student_tails(double t, double freedom) {
  double x = freedom / (freedom + t * t), a = freedom / 2, b = 0.5;
  double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

Dependence measure_dependence(const std::vector<double>& series) {
  auto n = static_cast<double>(series.size());
  if (series.size() < 2) return {0, n};
  double mean = 0;
  for (double value : series) mean += value / n;
  std::vector<double> centred;
  for (double value : series) centred.push_back(value - mean);
  double spread = autocovariance(centred, 0);
  if (spread <= 0) return {0, n};
  double sum = -spread;
  size_t lag = 0;
  for (; lag + 1 < series.size(); lag += 2) {
    double pair = autocovariance(centred, lag) + autocovariance(centred, lag + 1);
    if (pair <= 0) break;
    sum += 2 * pair;
  }
  // 2·lag − 1 autocovariances were summed; each of them is too small by sum / n.
  double seen = 1 - (2 * static_cast<double>(lag) - 1) / n;
  double samples = seen <= 0 ? 1 : n * spread * seen / std::max(sum, spread * seen);
  samples = std::clamp(samples, 1.0, n);
  return {spread / samples, samples};
}

double student_quantile(double error, double freedom) {
  double low = 0, high = 2;
  while (student_tails(high, freedom) > error && high < 1e9) high *= 2;
  for (int step = 0; step < 60; ++step) {
    double middle = (low + high) / 2;
    (student_tails(middle, freedom) > error ? low : high) = middle;
  }
  return high;
}

}  // namespace culprit::analysis
