// Order statistics of weighted samples: exact quantiles and their sampling intervals.
#pragma once

#include <cstdint>
#include <vector>

#include "model/finding.h"

namespace culprit::analysis {

struct Weighted {
  int64_t value_ns = 0;
  int64_t weight = 1;
  int64_t start_ns = 0;  // if all are equal, the order in time is unknown
  auto operator<=>(const Weighted&) const = default;
};

// A sorted sample with fast quantiles.
class Distribution {
 public:
  Distribution() = default;
  explicit Distribution(std::vector<Weighted> samples);

  bool empty() const { return samples_.empty(); }
  size_t size() const { return samples_.size(); }
  int64_t weight() const { return samples_.empty() ? 0 : until_.back(); }
  // Returns the smallest value that at least the share `q` of the weight does not exceed; 0 if there are no samples.
  int64_t quantile(double q) const;
  // Returns the 95 % interval of the quantile, without an assumption about the distribution: the ranks between which a
  // binomial of n draws lies. n is the effective number of samples: (Σw)²/Σw², or less if successive samples are alike.
  Interval interval(double q) const;
  // The same with a width of `z` standard deviations, without the additional rank that makes interval() conservative
  // for few samples.
  Interval range(double q, double z) const;
  double mean() const;

 private:
  double effective(double q) const;

  std::vector<Weighted> samples_;
  std::vector<int64_t> until_;     // cumulative weight, including the sample
  std::vector<uint32_t> in_time_;  // indices in order of start; empty: unknown
  double effective_ = 0;
};

// Values that fall into two groups with a gap between them: the usual ones and the slow ones.
struct Groups {
  bool apart = false;
  int64_t usual_ns = 0;  // median of the usual values
  int64_t slow_ns = 0;   // median of the slow values
  int64_t from_ns = 0;   // the smallest slow value
  size_t slow = 0, all = 0;
};
Groups two_groups(std::vector<int64_t> values);

int64_t median(std::vector<int64_t> values);  // 0 if there are none
int64_t quantile(std::vector<int64_t> values, double q);

}  // namespace culprit::analysis
