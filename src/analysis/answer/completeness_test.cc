// Tests of the completeness rule: every slow operation has a finding, and what the rule excepts has none.
#include <gtest/gtest.h>

#include "analysis/answer/question_testing.h"
#include "analysis/answer/why.h"

namespace culprit::analysis {
namespace {

using Found = std::vector<std::string>;
Found found(const Answer& answer) {
  Found out;
  for (const Finding& finding : answer.findings) out.push_back(name_of(finding));
  return out;
}

std::string all_text(const Finding& finding) {
  std::string text = finding.title + "\n" + finding.advice;
  for (const EvidenceLine& line : finding.evidence) text += "\n" + line.text;
  for (const std::string& line : finding.against) text += "\n" + line;
  return text;
}

bool says(const Finding& finding, const std::string& text) { return all_text(finding).find(text) != std::string::npos; }

void statements(Shop& shop, int requests, const std::string& text, Doing doing) {
  for (int i = 0; i < requests; ++i) {
    auto request = shop.request("GET /slow", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "GET /slow");
    request.work(500 * kUs);
    request.statement(text, doing);
    request.end();
  }
}

TEST(Completeness, AReportThatIsNearlyAllOfEachRequestIsNamedWithLowConfidence) {
  for (bool watched : {true, false})
    for (const char* text :
         {"SELECT count(*) FROM orders WHERE created_at > ?", "SELECT id, count FROM stock WHERE kind > ?",
          "SELECT day, sum(total) FROM orders GROUP BY day", "REFRESH MATERIALIZED VIEW totals"}) {
      Shop shop;
      shop.watched = watched;
      shop.healthy(100);
      statements(shop, 40, text, {.running = 250 * kMs, .rows = 1});
      Answer answer = ask(shop);
      ASSERT_EQ(answer.findings.size(), 1u) << text;
      EXPECT_EQ(answer.findings[0].cause, FindingClass::SlowStatement);
      EXPECT_EQ(answer.findings[0].entity.statement, text);
      EXPECT_EQ(answer.summary.find("Nothing stands out"), std::string::npos);
    }
}

TEST(Completeness, ThousandsOfRowsAPageAreNamed) {
  Shop shop;
  shop.healthy(100);
  statements(shop, 40, "SELECT * FROM orders WHERE customer_id = ?", {.running = 53 * kMs, .rows = 5000});
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"slow_statement/big_result"});
  EXPECT_EQ(answer.findings[0].confidence, Confidence::Low);
  EXPECT_TRUE(says(answer.findings[0], "5,000 rows"));
}

TEST(Completeness, ACommitThatWaitsForTheDiskIsUnexplainedWithItsStates) {
  Shop shop;
  shop.healthy(100);
  statements(shop, 40, "COMMIT", {.running = 1 * kMs, .disk = 150 * kMs});
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"unexplained/"});
  EXPECT_EQ(answer.findings[0].entity.name, "GET /slow");
  EXPECT_TRUE(says(answer.findings[0], "COMMIT at 127.0.0.1:5432/shop"));
  EXPECT_TRUE(says(answer.findings[0], "waiting for the disk 99 %"));
  EXPECT_EQ(answer.findings[0].confidence, Confidence::Low);
  EXPECT_NE(answer.summary.find("unexplained"), std::string::npos);
}

TEST(Completeness, AnAcknowledgementThatIsDelayedLiesBetweenTheTwoEnds) {
  Shop shop;
  shop.healthy(100);
  shop.wire_ns = 20 * kMs;
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("GET /small", "gateway");
    request.enter("orders-api", "GET /small");
    request.work(500 * kUs);
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(answer.findings.size(), 1u);
  EXPECT_TRUE(says(answer.findings[0], "between the two ends of the call") || says(answer.findings[0], "network"));
}

void sleeps(Shop& shop, int requests, int64_t ns) {
  for (int i = 0; i < requests; ++i) {
    auto request = shop.request("GET /page", "gateway");
    request.doing({.running = 300 * kUs, .sleep = ns});
    request.end();
  }
}

TEST(Completeness, TheThresholdsAreThoseOfTheRule) {
  struct Case {
    int requests;
    int64_t ns;
    size_t findings;
  };
  for (Case one : {Case{20, 110 * kMs, 1}, Case{19, 110 * kMs, 0}, Case{40, 25 * kMs, 1}, Case{40, 15 * kMs, 0}}) {
    Shop shop;
    sleeps(shop, one.requests, one.ns);
    Answer answer = ask(shop);
    ASSERT_EQ(answer.findings.size(), one.findings) << one.requests << " requests of " << one.ns;
    if (one.findings == 0) continue;
    EXPECT_EQ(answer.findings[0].cause, FindingClass::Unexplained);
    EXPECT_TRUE(says(answer.findings[0], "sleeping"));
  }
}

TEST(Completeness, ATailOfFiveTimesTheMedianIsSeen) {
  Shop shop;
  for (int i = 0; i < 100; ++i) sleeps(shop, 1, i % 10 == 0 ? 60 * kMs : 5 * kMs);
  EXPECT_EQ(found(ask(shop)), Found{"unexplained/"});
}

TEST(Completeness, AProgramsOwnRunningTimeIsExcepted) {
  Shop shop;
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /page", "gateway");
    request.work(60 * kMs);
    request.end();
  }
  EXPECT_EQ(found(ask(shop)), Found{});
}

TEST(Completeness, WaitsThatASignShowsToBeMeantAreExcepted) {
  Shop named;
  for (int i = 0; i < 40; ++i) {
    auto request = named.request("GET /jobs/subscribe", "gateway");
    request.doing({.running = 300 * kUs, .other = 900 * kMs + named.vary(500) * kMs});
    request.end();
  }
  EXPECT_EQ(found(ask(named)), Found{});
  Shop polled;
  for (int i = 0; i < 60; ++i) {
    auto request = polled.request("GET /inbox", "gateway");
    request.doing({.running = 300 * kUs, .other = i % 3 == 0 ? 3'000 * kMs : 300 * kMs + polled.vary(2'400) * kMs});
    request.end();
  }
  EXPECT_EQ(found(ask(polled)), Found{});
  Shop redis;
  statements(redis, 40, "BLPOP queue ?", {.running = 100 * kUs, .other = 800 * kMs});
  for (const Finding& finding : ask(redis).findings) EXPECT_NE(finding.cause, FindingClass::Unexplained);
}

TEST(Completeness, ASleepOfAlwaysTheSameLengthIsNoLongPoll) {
  Shop shop;
  sleeps(shop, 40, 1'500 * kMs);
  EXPECT_EQ(found(ask(shop)), Found{"unexplained/"});
}

TEST(Completeness, WhatIsClaimedIsNotUnexplained) {
  Shop shop;
  shop.healthy(100);
  statements(shop, 40, "SELECT * FROM orders WHERE customer_id = ?", {.running = 350 * kMs, .rows = 7});
  EXPECT_EQ(found(ask(shop)), Found{"slow_statement/scan"});
}

// Calls take 90 ms between their two ends, and 2 s in a few requests: the few slow calls do not explain the many
// ordinary ones.
TEST(Completeness, AFewSlowCallsDoNotExplainTheOrdinaryOnes) {
  Shop shop;
  shop.watched = false;
  for (int i = 0; i < 2'000; ++i) {
    shop.wire_ns = i % 160 == 0 ? 1'000 * kMs : 45 * kMs;
    auto request = shop.request("GET /page", "gateway");
    request.work(20 * kMs);
    request.enter("orders-api", "GET /page");
    request.work(20 * kMs);
    request.end();
  }
  EXPECT_EQ(found(ask(shop)), Found{"unexplained/"});
}

TEST(Completeness, TheSummarySaysWhereTheLargestShareIsUnexplained) {
  Shop shop;
  shop.healthy(100);
  statements(shop, 40, "SELECT * FROM orders WHERE customer_id = ?", {.running = 120 * kMs, .rows = 7});
  sleeps(shop, 60, 900 * kMs);
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), (Found{"slow_statement/scan", "unexplained/"}));
  EXPECT_NE(answer.summary.find("the largest share is unexplained"), std::string::npos) << answer.summary;
}

// One of two CPUs is always free: the service's threads may not use it.
void held_on_one_cpu(Shop& shop, double busy) {
  for (int i = 0; i < 80; ++i) {
    auto request = shop.request("GET /page", "gateway");
    Blocker itself{Wait::Runnable, 100, 100, 90 * kMs, 4, ""};
    request.doing({.running = 20 * kMs, .runnable = 90 * kMs, .blockers = {itself}});
    request.end();
  }
  shop.busy(busy);
  shop.process(100, "gateway", static_cast<int64_t>(busy * 20'000) * kMs);
}

TEST(Completeness, CpuPressureIsJudgedOnTheCpusThatAThreadMayUse) {
  Shop shop;
  held_on_one_cpu(shop, 0.5);
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"cpu_saturation/affinity"});
  EXPECT_EQ(answer.findings[0].entity.pid, 100);
  EXPECT_NE(answer.findings[0].confidence, Confidence::High);
}

TEST(Completeness, AMachineThatIsIdleHasNoFullCpu) {
  Shop shop;
  held_on_one_cpu(shop, 0.2);
  EXPECT_EQ(found(ask(shop)), Found{"unexplained/"});
}

TEST(Completeness, WithoutAnythingComparableOnlyTheUpperBoundIsSaid) {
  for (const char* text : {"SELECT pg_sleep(?)", "CALL settle(?)"}) {
    Shop shop;
    shop.watched = false;
    shop.healthy(100);
    statements(shop, 40, text, {.running = 250 * kMs});
    Answer answer = ask(shop);
    ASSERT_EQ(found(answer), Found{"slow_statement/"}) << text;
    EXPECT_FALSE(answer.findings[0].saving.comparable);
    EXPECT_GT(answer.findings[0].saving.most_ns, 200 * kMs);
    EXPECT_EQ(answer.findings[0].advice.find("EXPLAIN"), std::string::npos);
    EXPECT_LT(answer.findings[0].score, 0.3);  // half of the most, times its evidence
  }
}

TEST(Completeness, AdviceIsOfTheSystem) {
  for (auto [system, advice] : {std::pair{"redis", "SLOWLOG"}, {"mongodb", "executionStats"}, {"quarkdb", ""}}) {
    Shop shop;
    shop.watched = false;
    statements(shop, 40, "GET ?", {.running = 250 * kMs});
    for (Span& span : shop.reader.spans)
      for (Attribute& attribute : span.attributes)
        if (attribute.key == "db.system.name") attribute.value = std::string(system);
    Answer answer = ask(shop);
    ASSERT_EQ(found(answer), Found{"slow_statement/"});
    const std::string& said = answer.findings[0].advice;
    EXPECT_TRUE(std::string(advice).empty() ? said.empty() : said.find(advice) != std::string::npos) << said;
  }
}

}  // namespace
}  // namespace culprit::analysis
