#include "capture/kernel/probe_budget.h"

#include <gtest/gtest.h>

namespace culprit::capture {
namespace {

using Verdict = ProbeBudget::Verdict;
constexpr uint64_t kSecond = 1'000'000'000, kQuarter = kSecond / 4;

TEST(ProbeBudget, AnExpensiveHitIsCheapWhereItIsRare) {
  ProbeBudget budget(0.05);
  budget.measured(10'000);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(budget.judge(1'000, kQuarter), Verdict::Keep);  // 4,000 hits a second: 4 %
  EXPECT_NEAR(budget.last_share(), 0.04, 1e-9);
}

TEST(ProbeBudget, ACheapHitIsExpensiveWhereItIsFrequent) {
  ProbeBudget budget(0.05);
  budget.measured(500);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.judge(50'000, kQuarter), Verdict::Keep);  // 200,000 hits a second: 10 %
  EXPECT_EQ(budget.judge(50'000, kQuarter), Verdict::MeasureAgain);
  budget.measured(500);
  EXPECT_EQ(budget.judge(50'000, kQuarter), Verdict::TakeOff);
}

// One measurement on a busy machine gave 5.2 µs for a probe that costs 0.4 µs.
TEST(ProbeBudget, OneNoisyMeasurementDoesNotTakeItOff) {
  ProbeBudget budget(0.05);
  budget.measured(5'200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.judge(5'000, kQuarter), Verdict::Keep);  // 20,000 hits a second
  EXPECT_EQ(budget.judge(5'000, kQuarter), Verdict::MeasureAgain);
  budget.measured(400);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(budget.judge(5'000, kQuarter), Verdict::Keep);
}

TEST(ProbeBudget, AnotherNoisyOneLaterDoesNeither) {
  ProbeBudget budget(0.05);
  for (uint64_t price : {400, 410, 9'000, 400, 8'000}) budget.measured(price);
  EXPECT_EQ(budget.price_ns(), 410u);
}

TEST(ProbeBudget, ABurstBelowASecondDoesNotTakeItOff) {
  ProbeBudget budget(0.05);
  budget.measured(1'000);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(budget.judge(100'000, 3 * kQuarter), Verdict::Keep);
    EXPECT_EQ(budget.judge(0, kQuarter), Verdict::Keep);
  }
}

TEST(ProbeBudget, IsTriedAgainLaterAndLater) {
  ProbeBudget budget(0.05);
  budget.taken_off(100 * kSecond);
  EXPECT_FALSE(budget.retry(109 * kSecond));
  EXPECT_TRUE(budget.retry(110 * kSecond));
  budget.taken_off(200 * kSecond);
  EXPECT_FALSE(budget.retry(219 * kSecond));
  for (int i = 0; i < 20; ++i) budget.taken_off(300 * kSecond);
  EXPECT_TRUE(budget.retry(600 * kSecond));
}

TEST(ProbeBudget, WithoutAPriceNothingIsKnown) {
  ProbeBudget budget(0.05);
  EXPECT_EQ(budget.price_ns(), 0u);
  EXPECT_EQ(budget.judge(1'000'000, kQuarter), Verdict::Keep);
  EXPECT_EQ(budget.judge(1, 0), Verdict::Keep);
}

}  // namespace
}  // namespace culprit::capture
