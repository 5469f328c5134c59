#include "analysis/statistics.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace culprit::analysis
