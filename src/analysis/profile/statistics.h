// Order statistics of weighted samples: exact quantiles and the intervals that sampling leaves them.
#pragma once

#include <cstdint>
#include <vector>

#include "model/finding.h"

namespace culprit::analysis {

struct Weighted {
  int64_t value_ns = 0;
  int64_t weight = 1;
  int64_t start_ns = 0;  // where all start at once, their order in time is not known
  auto operator<=>(const Weighted&) const = default;
};

// Sorted once, asked often.
class Distribution {
 public:
  Distribution() = default;
  explicit Distribution(std::vector<Weighted> samples);

  bool empty() const { return samples_.empty(); }
  size_t size() const { return samples_.size(); }
  int64_t weight() const { return samples_.empty() ? 0 : until_.back(); }
  // The smallest value that at least `q` of the weight does not exceed; 0 where there is none.
  int64_t quantile(double q) const;
  // 95 % interval of the quantile, free of any assumption about the shape: the ranks between which a binomial of n draws
  // falls; n is the effective number of samples: (Σw)²/Σw², and less where those that follow one another are alike.
  Interval interval(double q) const;
  // The same, `z` standard deviations wide, without the rank of caution that an interval of few samples is given.
  Interval range(double q, double z) const;
  double mean() const;

 private:
  double effective(double q) const;

  std::vector<Weighted> samples_;
  std::vector<int64_t> until_;     // weight up to and with each
  std::vector<uint32_t> in_time_;  // indices in order of start; empty: not known
  double effective_ = 0;
};

// Values that fall into two groups with a gap between them: most are usual, some are slow.
struct Groups {
  bool apart = false;
  int64_t usual_ns = 0;  // median of the usual
  int64_t slow_ns = 0;   // median of the slow
  int64_t from_ns = 0;   // the least of the slow
  size_t slow = 0, all = 0;
};
Groups two_groups(std::vector<int64_t> values);

int64_t median(std::vector<int64_t> values);  // 0 where there are none
int64_t quantile(std::vector<int64_t> values, double q);

}  // namespace culprit::analysis
