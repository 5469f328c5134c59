#include "analysis/profile/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace culprit::analysis {
namespace {

TEST(Statistics, QuantilesAreSamples) {
  std::vector<Weighted> samples;
  for (int64_t i = 100; i >= 1; --i) samples.push_back({i, 1});
  Distribution d(samples);
  EXPECT_EQ(d.quantile(0.5), 50);
  EXPECT_EQ(d.quantile(0.95), 95);
  EXPECT_EQ(d.quantile(0), 1);
  EXPECT_EQ(d.quantile(1), 100);
  EXPECT_EQ(Distribution().quantile(0.5), 0);
}

TEST(Statistics, WeightsCountAsSoManySamples) {
  Distribution d({{1, 90}, {2, 5}, {3, 5}});
  EXPECT_EQ(d.quantile(0.9), 1);
  EXPECT_EQ(d.quantile(0.95), 2);
  EXPECT_EQ(d.quantile(0.96), 3);
}

TEST(Statistics, IntervalsHoldTheTrueQuantileAsOftenAsTheySay) {
  std::mt19937_64 random(20261124);
  int inside = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<Weighted> samples;
    for (int i = 0; i < 200; ++i) samples.push_back({static_cast<int64_t>(random() % 1'000'000), 1});
    Interval interval = Distribution(samples).interval(0.95);
    inside += interval.low_ns <= 950'000 && interval.high_ns >= 950'000;
  }
  EXPECT_GE(inside, 930);
}

std::vector<int64_t> log_normal(std::mt19937_64& random, int n, double typical_ns, double sigma) {
  std::lognormal_distribution<double> draw(std::log(typical_ns), sigma);
  std::vector<int64_t> values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<int64_t>(draw(random)));
  return values;
}

TEST(Statistics, OneHeapWithALongTailIsNotTwoGroups) {
  std::mt19937_64 random(20261124);
  int apart = 0;
  for (int round = 0; round < 500; ++round)
    apart += two_groups(log_normal(random, 40 + round, 20e6, round % 10 * 0.1)).apart;
  EXPECT_LE(apart, 5);
}

TEST(Statistics, AFewSlowAmongManyUsualAreTwoGroups) {
  std::mt19937_64 random(20261124);
  for (int slow : {10, 30, 100}) {
    std::vector<int64_t> values = log_normal(random, 200, 20e6, 0.4), expensive = log_normal(random, slow, 400e6, 0.3);
    values.insert(values.end(), expensive.begin(), expensive.end());
    Groups groups = two_groups(values);
    ASSERT_TRUE(groups.apart) << slow;
    EXPECT_NEAR(static_cast<double>(groups.slow), slow, 2);
    EXPECT_NEAR(static_cast<double>(groups.usual_ns), 20e6, 4e6);
  }
  EXPECT_FALSE(two_groups({1, 2, 3}).apart);
}

}  // namespace
}  // namespace culprit::analysis
