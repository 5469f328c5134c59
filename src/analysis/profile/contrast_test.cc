#include "analysis/profile/contrast.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/profile/dependence.h"

namespace culprit::analysis {
namespace {

constexpr uint64_t kSeed = 20261130;
constexpr int64_t kSecond = 1'000'000'000;

TEST(Dependence, OfIndependentValuesIsNone) {
  std::mt19937_64 random(kSeed);
  std::normal_distribution<double> draw;
  double samples = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<double> series;
    for (int i = 0; i < 400; ++i) series.push_back(draw(random));
    samples += measure_dependence(series).samples / 50;
  }
  EXPECT_GT(samples, 320);
}

TEST(Dependence, OfAnAutoregressiveSeriesIsWhatTheoryHas) {
  std::mt19937_64 random(kSeed);
  std::normal_distribution<double> draw;
  double samples = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<double> series;
    double level = 0;
    for (int i = 0; i < 1000; ++i) series.push_back(level = 0.9 * level + draw(random));
    samples += measure_dependence(series).samples / 50;
  }
  EXPECT_NEAR(samples, 1000 * (1 - 0.9) / (1 + 0.9), 20);  // n (1 − φ) / (1 + φ) = 53
}

TEST(Dependence, OfADriftLeavesAboutOneValue) {
  std::vector<double> line, hump;
  for (int i = 0; i < 100; ++i) line.push_back(i), hump.push_back(std::sin(M_PI * i / 100));
  EXPECT_LT(measure_dependence(line).samples, 3);
  EXPECT_LT(measure_dependence(hump).samples, 4);
}

TEST(Dependence, OfWhatDoesNotVaryIsNone) {
  EXPECT_EQ(measure_dependence({5, 5, 5}).variance, 0);
  EXPECT_EQ(measure_dependence({5, 5, 5}).samples, 3);
  EXPECT_EQ(measure_dependence({5}).samples, 1);
  EXPECT_EQ(measure_dependence({}).samples, 0);
}

TEST(Dependence, HasStudentsQuantiles) {
  EXPECT_NEAR(student_quantile(0.05, 1), 12.706, 0.001);
  EXPECT_NEAR(student_quantile(0.05, 10), 2.228, 0.001);
  EXPECT_NEAR(student_quantile(0.001, 5), 6.869, 0.001);
  EXPECT_NEAR(student_quantile(0.05, 1e6), 1.960, 0.001);
}

// The variation over time that requests of a system share; bench/contrast.py has the full version.
class Noise {
 public:
  explicit Noise(std::mt19937_64& random) : random_(random) {
    level_ = normal_(random_);
    lasts_s_ = 600 * std::pow(10, uniform(-2.5, -0.5));
    swing_ = uniform(0.1, 0.5), period_s_ = 600 * uniform(2, 8), phase_ = uniform(0, 2 * M_PI);
    tide_ = uniform(0, 0.3), tail_ = uniform(0, 0.1), burst_ = uniform(1.5, 6), bursts_each_s_ = 600 / uniform(2, 20);
  }

  // A period of 600 s with `requests` requests of each operation.
  std::vector<std::vector<Weighted>> stretch(double begin_s, size_t operations, size_t requests) {
    std::vector<std::vector<Weighted>> all(operations);
    for (size_t i = 0; i < operations * requests; ++i) {
      double time_s = begin_s + 600.0 * static_cast<double>(i) / static_cast<double>(operations * requests);
      double slow = uniform(0, 1) < tail_ ? std::min(std::pow(uniform(0, 1), -0.7), 50.0) : 1;
      double ns = 20e6 * factor(time_s) * std::exp(0.3 * normal_(random_)) * slow;
      all[i % operations].push_back({static_cast<int64_t>(ns), 1, static_cast<int64_t>(time_s * kSecond)});
    }
    return all;
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  double factor(double time_s) {
    double step = time_s - now_s_, kept = std::exp(-step / lasts_s_);
    now_s_ = time_s;
    level_ = kept * level_ + std::sqrt(1 - kept * kept) * normal_(random_);
    if (time_s > slow_until_s_ && uniform(0, 1) < step / bursts_each_s_) slow_until_s_ = time_s + uniform(1, 60);
    double tide = tide_ * std::sin(2 * M_PI * time_s / period_s_ + phase_);
    return std::exp(swing_ * level_ + tide) * (time_s < slow_until_s_ ? burst_ : 1);
  }

  std::mt19937_64& random_;
  std::normal_distribution<double> normal_;
  double now_s_ = 0, level_ = 0, slow_until_s_ = -1;
  double lasts_s_, swing_, period_s_, phase_, tide_, tail_, burst_, bursts_each_s_;
};

TEST(Contrast, OfASystemWithItselfNamesAChangeAsRarelyAsStated) {
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  constexpr size_t kPairs = 500, kOperations = 6, kMeasures = 4;
  constexpr double kStated = 0.05;
  int changed = 0, beyond = 0, more_frequent = 0;
  for (size_t pair = 0; pair < kPairs; ++pair) {
    Noise noise(random);
    size_t requests = pair % 3 == 0 ? 40 : pair % 3 == 1 ? 100 : 250;
    auto before = noise.stretch(0, kOperations, requests), now = noise.stretch(600, kOperations, requests);
    bool one_changed = false, one_beyond = false, one_more = false;
    for (size_t i = 0; i < kOperations; ++i) {
      for (Measure measure : {Measure::Mean, Measure::Median, Measure::UpperQuartile, Measure::P95}) {
        Shift shift = contrast(before[i], now[i], measure, kStated / (kOperations * kMeasures));
        one_changed = one_changed || shift.more() || shift.less();
      }
      one_beyond = one_beyond || goes_beyond(before[i], now[i], kStated / kOperations);
      for (auto* half : {&before[i], &now[i]})
        for (Weighted& sample : *half) sample.value_ns = sample.value_ns > 40'000'000;
      one_more = one_more || is_more_frequent(before[i], now[i], kStated / kOperations);
    }
    changed += one_changed, beyond += one_beyond, more_frequent += one_more;
  }
  EXPECT_LE(changed, kStated * kPairs);
  EXPECT_LE(beyond, kStated * kPairs);
  EXPECT_LE(more_frequent, kStated * kPairs);
}

TEST(Contrast, FindsWhatIsSlowerThanItsNoise) {
  std::mt19937_64 random(kSeed);
  std::lognormal_distribution<double> draw(std::log(20e6), 0.3);
  auto recording = [&](int requests, double slower) {
    std::vector<Weighted> samples;
    for (int i = 0; i < requests; ++i) samples.push_back({static_cast<int64_t>(draw(random) * slower), 1, i * kSecond});
    return samples;
  };
  struct Case {
    int requests;
    double slower;
    int least;  // of 100 comparisons
  };
  for (Case c : {Case{15, 4, 75}, Case{30, 2, 90}, Case{100, 1.5, 85}, Case{400, 1.25, 90}, Case{400, 1, 0}}) {
    int found = 0, mistaken = 0;
    for (int round = 0; round < 100; ++round) {
      Shift shift = contrast(recording(c.requests, 1), recording(c.requests, c.slower), Measure::Median, 0.05 / 24);
      found += shift.more(), mistaken += shift.less();
    }
    EXPECT_GE(found, c.least) << c.requests << " requests, " << c.slower;
    EXPECT_LE(found, c.slower == 1 ? 5 : 100);
    EXPECT_EQ(mistaken, 0);
  }
}

TEST(Contrast, SeesThatAllFailWhereNoneDid) {
  std::vector<Weighted> none, one, all;
  for (int64_t i = 0; i < 30; ++i) {
    none.push_back({0, 1, i * kSecond}), all.push_back({1, 1, i * kSecond});
    one.push_back({i == 17, 1, i * kSecond});
  }
  EXPECT_TRUE(is_more_frequent(none, all, 0.05 / 24));
  EXPECT_FALSE(is_more_frequent(none, none, 0.05 / 24));
  EXPECT_FALSE(is_more_frequent(none, one, 0.05 / 24));
  EXPECT_FALSE(is_more_frequent(all, none, 0.05 / 24));
}

TEST(Contrast, SeesAFewThatHangAndMoreThatFail) {
  std::mt19937_64 random(kSeed);
  std::vector<Weighted> before, now, fewer, more;
  for (int64_t i = 0; i < 300; ++i) {
    auto usual = static_cast<int64_t>(20e6 + static_cast<double>(random() % 10'000'000));
    before.push_back({usual, 1, i * kSecond}), now.push_back({i % 10 == 3 ? 400'000'000 : usual, 1, i * kSecond});
    fewer.push_back({random() % 50 == 0, 1, i * kSecond}), more.push_back({random() % 5 == 0, 1, i * kSecond});
  }
  EXPECT_TRUE(goes_beyond(before, now, 0.05 / 24));
  EXPECT_FALSE(goes_beyond(now, before, 0.05 / 24));
  EXPECT_TRUE(is_more_frequent(fewer, more, 0.05 / 24));
  EXPECT_FALSE(is_more_frequent(more, fewer, 0.05 / 24));
  // The same 30 requests within one moment: a single incident.
  std::sort(now.begin(), now.end());
  for (size_t i = 0; i < now.size(); ++i) now[i].start_ns = static_cast<int64_t>(i) * kSecond;
  EXPECT_FALSE(goes_beyond(before, now, 0.05 / 24));
}

TEST(Contrast, CannotTellFromAFewRequests) {
  std::vector<Weighted> few = {{1, 1, 0}, {2, 1, 1}, {3, 1, 2}}, many;
  for (int64_t i = 0; i < 100; ++i) many.push_back({1'000'000'000, 1, i});
  EXPECT_FALSE(contrast(few, many, Measure::Median, 0.05).more());
  EXPECT_FALSE(contrast({}, many, Measure::Median, 0.05).more());
  EXPECT_FALSE(contrast(many, few, Measure::Median, 0.05).less());
  EXPECT_FALSE(goes_beyond({}, many, 0.05));
}

}  // namespace
}  // namespace culprit::analysis
