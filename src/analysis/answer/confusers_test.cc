// Tests of situations that look like a cause and are none, and of hidden causes: several servers, batch jobs, skewed
// values, nested queues.
#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/answer/question_testing.h"
#include "analysis/answer/why.h"
#include "base/check.h"

namespace culprit::analysis {
namespace {

const std::string kSelect = "SELECT * FROM orders WHERE customer_id = ?";
const std::string kUpdate = "UPDATE stock SET left = left - ? WHERE item_id = ?";
const std::string kInsert = "INSERT INTO lines VALUES (?)";

using Classes = std::vector<std::string>;
Classes classes_of(const Answer& answer) {
  Classes out;
  for (const Finding& finding : answer.findings)
    if (finding.cause != FindingClass::Unexplained) out.emplace_back(to_string(finding.cause));
  return out;
}

bool says(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(text) != line.npos; });
}

void requests(Shop& shop, int count, const std::string& name, const std::string& service, Doing statement,
              const std::string& text = kSelect) {
  for (int i = 0; i < count; ++i) {
    auto request = shop.request(name, "gateway");
    request.work(300 * kUs);
    request.enter(service, name);
    request.work(500 * kUs + shop.vary(200) * kUs);
    request.statement(text, statement);
    request.end();
  }
}

TEST(Confusers, AStatementOnTwoServersIsBlamedWhereItIsSlow) {
  Shop shop;
  shop.healthy(100);
  shop.database_port = 5433;
  requests(shop, 100, "GET /archive", "archive-api", {.running = 300 * kUs, .rows = 7});
  shop.database_port = 5432;
  requests(shop, 100, "GET /orders", "orders-api", {.running = 250 * kMs, .rows = 7});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].entity.instance, "127.0.0.1:5432/shop");
  EXPECT_EQ(answer.findings[0].operation, "GET /orders");
  EXPECT_EQ(answer.findings[0].effect.requests, 100);
}

TEST(Confusers, TheOtherAppsCallerIsNotNamed) {
  Shop shop;
  shop.healthy(100);
  requests(shop, 100, "GET /mine", "first-app", {.running = 250 * kMs, .rows = 7});
  requests(shop, 100, "GET /yours", "second-app", {.running = 200 * kUs, .rows = 1},
           "SELECT * FROM users WHERE id = ?");
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].caller, "first-app");
}

void batch(Shop& shop, int count) {
  for (int i = 0; i < count; ++i) {
    auto job = shop.request("SELECT orders", "postgres");
    job.is_statement("SELECT * FROM orders WHERE note = ?", 3);
    job.work(400 * kMs);
    job.end();
  }
}

TEST(Confusers, AFewLongStatementsOfABatchJobAreNotReported) {
  Shop shop;
  shop.healthy(300);
  batch(shop, 6);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Confusers, ManyLongStatementsOfOneSenderAreBlamed) {
  Shop shop;
  shop.healthy(300);
  batch(shop, 40);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].operation, "SELECT orders");
}

TEST(Confusers, AStatementThatIsSlowForAFewValuesIsBlamed) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 200; ++i)
    requests(shop, 1, "GET /orders", "orders-api", {.running = i % 6 == 0 ? 180 * kMs : 200 * kUs, .rows = 7});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_NE(answer.findings[0].what.find("34 of 200 calls"), std::string::npos) << answer.findings[0].what;
}

TEST(Confusers, OneStatementThatWasSlowOnceIsNot) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 200; ++i)
    requests(shop, 1, "GET /orders", "orders-api", {.running = i == 77 ? 180 * kMs : 200 * kUs, .rows = 7});
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Confusers, AHolderThatIsItselfHeldUpIsFollowedWithoutAsking) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 40; ++i) {
    Blocker front{Wait::Lock, 700, 700, 300 * kMs, 1, "UPDATE stock SET left = ?"};
    requests(shop, 1, "POST /orders", "orders-api",
             {.running = 300 * kUs, .lock = 300 * kMs, .rows = 1, .blockers = {front}, .pid = 500 + i}, kUpdate);
  }
  for (int i = 0; i < 40; ++i) {
    Blocker back{Wait::Lock, 900, 900, 300 * kMs, 1, "ALTER TABLE items ADD note text"};
    requests(shop, 1, "POST /restock", "orders-api",
             {.running = 300 * kUs, .lock = 300 * kMs, .rows = 1, .blockers = {back}, .pid = 700},
             "UPDATE items SET price = ? WHERE id = ?");
  }
  Answer answer = ask(shop);
  ASSERT_FALSE(answer.findings.empty());
  for (const Finding& finding : answer.findings) {
    ASSERT_EQ(finding.cause, FindingClass::LockWait);
    ASSERT_TRUE(finding.holder);
    EXPECT_EQ(finding.holder->pid, 900);
    EXPECT_EQ(finding.holder->statement, "ALTER TABLE items ADD note text");
  }
}

TEST(Confusers, ALockThatIsHandedRoundHasNoLastHolder) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    int32_t pid = 500 + i % 3, next = 500 + (i + 1) % 3;
    requests(shop, 1, "POST /orders", "orders-api",
             {.running = 300 * kUs,
              .lock = 60 * kMs,
              .rows = 1,
              .blockers = {{Wait::Lock, next, next, 60 * kMs, 1, kUpdate}},
              .pid = pid},
             kUpdate);
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  ASSERT_TRUE(answer.findings[0].holder);
  EXPECT_EQ(answer.findings[0].holder->statement, kUpdate);
}

TEST(Confusers, ASessionThatOnlyReadsHoldsNoRow) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    Blocker reader{Wait::Lock, 700, 700, 80 * kMs, 9, "SELECT * FROM big"};
    requests(shop, 1, "POST /orders", "orders-api",
             {.running = 300 * kUs, .lock = 80 * kMs, .rows = 1, .blockers = {reader}}, kUpdate);
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  EXPECT_EQ(answer.findings[0].mechanism, Mechanism::Lwlock);
}

TEST(Confusers, ACallersThreadThatSleepsUntilTheAnswerComesHoldsNoLock) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("GET /page", "gateway");
    request.work(300 * kUs);
    request.call("10.0.0.9:80", "GET /fragment", 400 * kMs);
    request.end();
  }
  for (Span& span : shop.reader.spans)
    if (span.name == "GET /fragment") span.waits[Wait::Lock] = span.duration_ns, span.waits[Wait::Peer] = 0;
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"dependency_slow"});
  EXPECT_EQ(answer.findings[0].entity.name, "10.0.0.9:80");
}

TEST(Confusers, ManyUnfinishedRequestsThatNothingExplainsLeaveItUndecided) {
  Shop shop;
  shop.healthy(100);
  requests(shop, 40, "GET /orders", "orders-api", {.running = 350 * kMs, .rows = 7});
  EXPECT_NE(ask(shop).verdict, Verdict::Undecided);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /hangs", "gateway");
    request.doing({.running = 300 * kUs, .other = 9'000 * kMs});
    request.unfinished();
    request.end();
  }
  EXPECT_EQ(ask(shop).verdict, Verdict::Undecided);
}

// Returns "mutex" if requests that queue inside orders-api are reported as waiting for a lock of its own, else the
// first finding's mechanism. `stuck` statements have waited since before the recording, without a recorded sender. The
// service `speaks` has a connection to such a server ("": no service has).
std::string first_of_queue(int stuck, const std::string& speaks) {
  Shop shop;
  for (int i = 0; i < 20; ++i) {
    auto request = shop.request("GET /orders", "orders-api");
    request.doing({.running = 300 * kUs, .lock = 4'000 * kMs});
    request.end();
  }
  for (int i = 0; i < stuck; ++i) {
    auto statement = shop.request("UPDATE stock", "postgresql");
    statement.is_statement("UPDATE stock SET left = left - ? WHERE item_id = ?");
    statement.doing({.lock = 8'000 * kMs});
    statement.unfinished();
    statement.end();
  }
  shop.process(200, speaks, 900 * kMs);
  shop.reader.process_rows.back().service = speaks;
  Connection connection;
  connection.id = 1, connection.pid = 200, connection.protocol = speaks.empty() ? "http" : "postgresql";
  shop.reader.connection_rows = {connection};
  // A lock inside the service is at most inferred: it may rank below what is stuck elsewhere.
  std::string first;
  for (const Finding& finding : ask(shop).findings) {
    if (finding.mechanism == Mechanism::Mutex) return "mutex";
    if (first.empty()) first = to_string(finding.mechanism);
  }
  return first;
}

// All connections of a pooler were stuck before the recording: the sender of the waiting statements was not recorded.
TEST(Confusers, AQueueInFrontOfAPoolerWaitsForWhatIsStuckBehindIt) {
  EXPECT_EQ(first_of_queue(12, "orders-api"), "row");
  EXPECT_EQ(first_of_queue(12, ""), "row");
  EXPECT_EQ(first_of_queue(12, "another-client"), "mutex");
}

// A pool may have no more connections than these.
TEST(Confusers, AFewStatementsThatAreStuckAllAlongExplainAQueue) {
  EXPECT_EQ(first_of_queue(4, "orders-api"), "row");
  EXPECT_EQ(first_of_queue(4, "another-client"), "mutex");
  EXPECT_EQ(first_of_queue(2, "orders-api"), "mutex");
}

TEST(Confusers, ALoopTwoHopsDownIsFound) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /basket", "gateway");
    request.work(300 * kUs);
    request.enter("basket", "GET /basket");
    request.work(400 * kUs);
    request.enter("pricing", "GET /prices");
    request.work(400 * kUs);
    int64_t n = 30 + shop.vary(30);
    for (int64_t k = 0; k < n; ++k)
      request.statement("SELECT price FROM prices WHERE item_id = ?", {.running = 150 * kUs, .rows = 1});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"n_plus_one"});
  EXPECT_EQ(answer.findings[0].caller, "pricing");
  EXPECT_EQ(answer.findings[0].operation, "GET /basket");
}

void inserts(Shop& shop, int64_t disk, bool follow_rows) {
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("POST /import", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "POST /import");
    int64_t n = 30 + shop.vary(30);
    if (follow_rows) request.statement(kSelect, {.running = 200 * kUs, .rows = n});
    for (int64_t k = 0; k < n; ++k) request.statement(kInsert, {.running = 150 * kUs, .disk = disk, .rows = 1});
    request.end();
  }
}

TEST(Confusers, ALoopOfWritesAsksNoQuestion) {
  Shop shop;
  inserts(shop, 0, false);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Confusers, ALoopOfWritesOverTheRowsOfAQueryIsOne) {
  Shop shop;
  inserts(shop, 0, true);
  EXPECT_EQ(classes_of(ask(shop)), Classes{"n_plus_one"});
}

TEST(Confusers, WritesThatCommitThemselvesAreAStormOfFlushes) {
  Shop shop;
  inserts(shop, 2 * kMs, false);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"fsync_storm"});
  EXPECT_EQ(answer.findings[0].entity.statement, kInsert);
}

TEST(Confusers, ARemoteHostThatWasNotRecordedIsBlamedByItsAddress) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /quote", "gateway");
    request.work(300 * kUs);
    request.enter("quotes", "GET /quote");
    request.call("rates.example:443", "GET /rates", 300 * kMs);
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"dependency_slow"});
  EXPECT_EQ(answer.findings[0].entity.name, "rates.example:443");
  EXPECT_EQ(answer.findings[0].caller, "quotes");
}

TEST(Confusers, ADependencyWhoseDatabaseIsSlowIsNotTheCause) {
  for (bool watched : {true, false}) {
    Shop shop;
    shop.watched = watched;
    shop.healthy(50);
    for (int i = 0; i < 60; ++i) {
      auto request = shop.request("GET /price", "gateway");
      request.work(300 * kUs);
      request.enter("pricing", "GET /price");
      request.work(400 * kUs);
      request.statement(kSelect, {.running = 250 * kMs, .rows = 3});
      request.end();
    }
    Answer answer = ask(shop);
    ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  }
}

TEST(Confusers, WhatHasNoNameIsNoOperation) {
  Shop shop;
  shop.healthy(100);
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("exchange", "gateway");
    request.flag(kOpaque);
    request.doing({.running = 100 * kUs, .other = 900 * kMs});
    request.end();
    auto before = shop.request("unknown request", "gateway");
    before.flag(kBegunBefore | kTextUnknown);
    before.doing({.running = 100 * kUs, .other = 700 * kMs});
    before.end();
  }
  Answer answer = ask(shop);
  EXPECT_TRUE(answer.findings.empty());
  ASSERT_EQ(answer.operations.size(), 1u);
  EXPECT_TRUE(says(answer.not_seen, "40 exchanges"));
  EXPECT_TRUE(says(answer.not_seen, "40 requests"));
}

TEST(Confusers, StatementsBelowAnUnknownProtocolAreJudgedByThemselves) {
  Shop shop;
  shop.healthy(100);
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("exchange", "gateway");
    request.flag(kOpaque);
    request.statement(kSelect, {.running = 250 * kMs, .rows = 3});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].entity.statement, kSelect);
}

TEST(Confusers, AChangeInUnwatchedSpansIsNotSaidToRun) {
  for (bool watched : {true, false}) {
    Shop before, after;
    before.watched = after.watched = watched;
    for (Shop* shop : {&before, &after})
      for (int i = 0; i < 60; ++i) {
        auto request = shop->request("GET /page", "gateway");
        request.work((shop == &before ? 5 : 60) * kMs + shop->vary(1000) * kUs);
        request.end();
      }
    Question question;
    Result<Answer> answer = why(after.reader, &before.reader, nullptr, question);
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(classes_of(answer.value()), Classes{watched ? "cpu_bound" : "dependency_slow"});
    EXPECT_EQ(answer.value().findings[0].confidence == Confidence::High, watched);
    EXPECT_EQ(says(answer.value().findings[0].against, "these traces do not tell"), !watched);
  }
}

TEST(Confusers, TheRecorderIsNoNeighbour) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 100; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.doing(
        {.running = 300 * kUs, .runnable = 9 * kMs, .blockers = {{Wait::Runnable, 900, 900, 9 * kMs, 4, ""}}});
    request.end();
  }
  shop.busy(0.95);
  shop.process(900, "culprit", 900 * kMs), shop.process(100, "gateway", 18'000 * kMs);
  for (const Finding& finding : ask(shop).findings) EXPECT_NE(finding.entity.name, "culprit");
}

TEST(Confusers, ATrickleOfSlowRequestsIsNoFindingWhileTheRestIsWell) {
  Shop shop;
  shop.healthy(400);
  requests(shop, 4, "GET /report", "orders-api", {.running = 90 * kMs, .rows = 7});
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Confusers, ThreeRequestsThatWereStuckAllAlongAreToldWithTheirNumber) {
  Shop shop;
  shop.healthy(50);
  requests(shop, 3, "POST /orders", "orders-api", {.running = 300 * kUs, .lock = 9'000 * kMs, .rows = 1}, kUpdate);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  EXPECT_TRUE(says(answer.findings[0].against, "only 3 requests"));
}

}  // namespace
}  // namespace culprit::analysis
