// Dependence: how much fewer independent samples a series in time is worth. Requests that follow one another share their load,
// caches and slow moments: a thousand within one slow minute tell little more about the next hour than one.
#pragma once

#include <vector>

namespace culprit::analysis {

struct Dependence {
  double variance = 0;  // of the series' mean
  // Independent samples of the same spread whose mean would vary as much; at most the series' length.
  double samples = 0;
};

// Sums the autocovariances for as long as pairs of neighbours are positive (Geyer's initial positive sequence, "Practical Markov
// Chain Monte Carlo", 1992): how far the dependence reaches is read from the series, no block's length is chosen. Deviations
// are taken from the series' own mean, which hides what is slower than the series: each autocovariance is too small by the
// variance of the mean, and is corrected for it. A series that drifts from end to end is worth about one sample.
Dependence measure_dependence(const std::vector<double>& series);

// The t for which Student's distribution of `freedom` degrees exceeds |t| with probability `error`.
double student_quantile(double error, double freedom);

}  // namespace culprit::analysis
