// Dependence: the number of independent samples that a time series is worth. Successive requests share load, caches and
// slow periods: a thousand requests of one slow minute say little more about the next hour than one request.
#pragma once

#include <vector>

namespace culprit::analysis {

struct Dependence {
  double variance = 0;  // variance of the series' mean
  // The number of independent samples with the same variance whose mean would vary as much; at most the length of the
  // series.
  double samples = 0;
};

// Sums autocovariances as long as the sums of neighbouring pairs are positive (Geyer's initial positive sequence,
// "Practical Markov Chain Monte Carlo", 1992): the series itself shows how far its dependence reaches, without a chosen
// block length. Deviations are taken from the series' own mean, which hides variation slower than the series. Each
// autocovariance is therefore too small by the variance of the mean, and is corrected. A series that drifts from end to
// end is worth about one sample.
Dependence measure_dependence(const std::vector<double>& series);

// Returns the t that |T| exceeds with probability `error`, for Student's distribution with `freedom` degrees of
// freedom.
double student_quantile(double error, double freedom);

}  // namespace culprit::analysis
