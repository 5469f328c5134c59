// Contrast: whether requests differ between two recordings. Successive requests of a recording are similar to each
// other.
//
// Successive requests share load, caches and slow periods: a thousand requests of one slow minute say little more about
// the next hour than one request. Each recording is therefore cut into blocks of successive requests. Each block gives
// one value. The two series of values are compared with their dependence taken into account.
//
//   before   │ 21 │ 20 │ 34 │ 22 │ 20 │ 21 │      now   │ 40 │ 22 │ 21 │ 23 │ 39 │ 21 │      medians of blocks, ms
#pragma once

#include <vector>

#include "analysis/profile/statistics.h"

namespace culprit::analysis {

// The value that summarises a block of requests.
enum class Measure { Mean, Median, UpperQuartile, P95 };

// The change of a measure on a logarithmic scale: times grow by factors.
struct Shift {
  double change = 0;  // log(now / before)
  double half = 0;    // the change lies within change ± half; infinite: these recordings are not sufficient
  bool more() const { return change - half > 0; }
  bool less() const { return change + half < 0; }
};

// `error`: the probability of more() or less() if both recordings are of the same system.
Shift contrast(std::vector<Weighted> before, std::vector<Weighted> now, Measure measure, double error);

// Returns whether the share of samples above 0 is higher now than before.
bool is_more_frequent(std::vector<Weighted> before, std::vector<Weighted> now, double error);

// Returns whether more samples of `now` exceed all samples of `before` than chance allows: a slowdown of a few requests
// does not change the median.
bool goes_beyond(std::vector<Weighted> before, std::vector<Weighted> now, double error);

}  // namespace culprit::analysis
