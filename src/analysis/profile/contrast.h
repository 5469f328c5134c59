// Contrast: whether requests differ between two recordings, where requests that follow one another are alike.
//
// Requests share their load, caches and slow moments with those beside them: a thousand of one slow minute tell little more
// about the next hour than one. Each recording is cut into blocks of requests that follow one another; a block gives one
// value; and the two series of values are compared as what they are: few, and dependent on each other.
//
//   before   │ 21 │ 20 │ 34 │ 22 │ 20 │ 21 │      now   │ 40 │ 22 │ 21 │ 23 │ 39 │ 21 │      medians of blocks, ms
#pragma once

#include <vector>

#include "analysis/profile/statistics.h"

namespace culprit::analysis {

// What a block of requests is summed up by.
enum class Measure { Mean, Median, UpperQuartile, P95 };

// The change of a measure on a logarithmic scale: times grow by factors.
struct Shift {
  double change = 0;  // log(now / before)
  double half = 0;    // the change's interval is change ± half; infinite: these recordings can't tell
  bool more() const { return change - half > 0; }
  bool less() const { return change + half < 0; }
};

// `error`: the probability of more() or less() where both recordings are of one system.
Shift contrast(std::vector<Weighted> before, std::vector<Weighted> now, Measure measure, double error);

// Whether the share of samples above 0 is higher now than before.
bool is_more_frequent(std::vector<Weighted> before, std::vector<Weighted> now, double error);

// Whether more samples of now lie beyond all of before than chance lets: what befalls a few requests moves no median.
bool goes_beyond(std::vector<Weighted> before, std::vector<Weighted> now, double error);

}  // namespace culprit::analysis
