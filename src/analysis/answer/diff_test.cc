#include <gtest/gtest.h>

#include "analysis/answer/synthetic_workload_testing.h"
#include "analysis/answer/why.h"
#include "base/check.h"

namespace culprit::analysis {
namespace {

void orders(Shop& shop, int requests, int64_t running) {
  for (int i = 0; i < requests; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.work(600 * kUs + shop.vary(300) * kUs);
    request.enter("orders-api", "GET /orders");
    request.work(700 * kUs);
    request.statement("SELECT * FROM orders WHERE customer_id = ?",
                      {.running = running + running / 100 * shop.vary(20), .rows = 7});
    request.end();
  }
}

Comparison compare(Shop& before, Shop& after) {
  Question question;
  question.source = "after.culprit", question.baseline_source = "before.culprit";
  Result<Comparison> comparison = diff(before.reader, after.reader, nullptr, question);
  CHECK(comparison.has_value(), "a fake does not fail");
  return comparison.value();
}

TEST(Diff, SaysFixedAndThatThePredictionHeld) {
  Shop before, after;
  before.healthy(100), after.healthy(100);
  orders(before, 200, 350 * kMs), orders(after, 200, 200 * kUs);
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.findings.size(), 1u);
  EXPECT_EQ(comparison.findings[0].verdict, "fixed");
  EXPECT_EQ(comparison.findings[0].prediction, "inside");
  EXPECT_TRUE(comparison.appeared.empty());
  for (const OperationChange& change : comparison.operations)
    EXPECT_EQ(change.verdict, change.name == "GET /orders" ? "faster" : "same");
}

TEST(Diff, PromisesNothingWhereNothingComparableWasSeen) {
  Shop before, after;
  for (Shop* shop : {&before, &after})
    for (int i = 0; i < 100; ++i) {
      auto request = shop->request("POST /pay", "gateway");
      request.enter("orders-api", "POST /pay");
      request.statement("SELECT pg_sleep(?)", {.sleep = shop == &before ? 300 * kMs : 1 * kMs, .rows = 1});
      request.end();
    }
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.findings.size(), 1u);
  const FindingChange& change = comparison.findings[0];
  EXPECT_EQ(change.verdict, "fixed");
  EXPECT_FALSE(change.predicted.has_value());
  EXPECT_EQ(change.prediction, "none");
  EXPECT_NE(change.finding.confidence, Confidence::High) << "its saving may be 0: nothing says otherwise";
}

TEST(Diff, SaysNotFixedWhereTheCauseIsFoundAgain) {
  Shop before, after;
  before.healthy(100), after.healthy(100);
  orders(before, 100, 350 * kMs), orders(after, 100, 330 * kMs);
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.findings.size(), 1u);
  EXPECT_EQ(comparison.findings[0].verdict, "not_fixed");
}

TEST(Diff, CannotTellFromAFewRequests) {
  Shop before, after;
  before.healthy(100), after.healthy(100);
  orders(before, 100, 350 * kMs), orders(after, 4, 200 * kUs);
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.findings.size(), 1u);
  EXPECT_EQ(comparison.findings[0].verdict, "cannot_tell");
}

TEST(Diff, NamesWhatIsNew) {
  Shop before, after;
  before.healthy(100), after.healthy(100);
  orders(before, 100, 200 * kUs), orders(after, 100, 350 * kMs);
  Comparison comparison = compare(before, after);
  EXPECT_TRUE(comparison.findings.empty());
  ASSERT_EQ(comparison.appeared.size(), 1u);
  EXPECT_EQ(comparison.appeared[0].cause, FindingClass::SlowStatement);
}

TEST(Diff, SaysFixedWhereAFewOddRequestsBlurTheP95) {
  Shop before, after;
  before.healthy(100), after.healthy(100);
  orders(before, 60, 30 * kMs), orders(after, 56, 200 * kUs), orders(after, 4, 45 * kMs);
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.findings.size(), 1u);
  EXPECT_EQ(comparison.findings[0].verdict, "cannot_tell");  // the p95 is not lower
  Shop clear;
  clear.healthy(100);
  orders(clear, 58, 200 * kUs), orders(clear, 2, 45 * kMs);
  comparison = compare(before, clear);
  ASSERT_EQ(comparison.findings.size(), 1u);
  EXPECT_EQ(comparison.findings[0].verdict, "fixed");
}

TEST(Diff, DoesNotCallSlowerWhatOnlyItsTailFeels) {
  Shop before, after;
  orders(before, 90, 200 * kUs);
  orders(after, 80, 200 * kUs), orders(after, 10, 5 * kMs);
  Comparison comparison = compare(before, after);
  ASSERT_EQ(comparison.operations.size(), 1u);
  EXPECT_EQ(comparison.operations[0].verdict, "same");
  Shop slow;
  orders(slow, 90, 5 * kMs);
  EXPECT_EQ(compare(before, slow).operations[0].verdict, "slower");
}

TEST(Diff, LeavesOutWhatHasNoName) {
  Shop before, after;
  for (Shop* shop : {&before, &after})
    for (int i = 0; i < 60; ++i) {
      auto request = shop->request("GET /x", "gateway");
      request.doing({.running = 200 * kUs, .other = shop == &before ? 80 * kMs : 100 * kUs});
      request.end();
    }
  EXPECT_TRUE(compare(before, after).findings.empty());
}

TEST(Diff, SaysSameOfTwoHealthyRecordings) {
  Shop before, after;
  after.vary(3);
  before.healthy(200), after.healthy(200);
  Comparison comparison = compare(before, after);
  EXPECT_TRUE(comparison.findings.empty());
  EXPECT_TRUE(comparison.appeared.empty());
  ASSERT_EQ(comparison.operations.size(), 1u);
  EXPECT_EQ(comparison.operations[0].verdict, "same");
}

}  // namespace
}  // namespace culprit::analysis
