// Tests from systems other than the demo's: requests from before the recording, results without an end, busy machines.
#include <gtest/gtest.h>

#include <cstdlib>

#include "analysis/answer/question_testing.h"
#include "analysis/answer/why.h"
#include "base/check.h"

namespace culprit::analysis {
namespace {

const std::string kUpdate = "UPDATE stock SET left = left - ? WHERE item_id = ?";

using Classes = std::vector<std::string>;
Classes classes_of(const Answer& answer) {
  Classes out;
  for (const Finding& finding : answer.findings)
    if (finding.cause != FindingClass::Unexplained) out.push_back(name_of(finding));
  return out;
}

void one_statement(Shop& shop, int requests, const std::string& name, const std::string& text, Doing doing,
                   int times = 1) {
  for (int i = 0; i < requests; ++i) {
    auto request = shop.request(name, "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", name);
    request.work(400 * kUs);
    for (int k = 0; k < times; ++k) request.statement(text, doing);
    request.end();
  }
}

// Sessions that have waited since before the recording sent their statements on connections of which nothing is known.
TEST(OtherSystems, WaitersFromBeforeTheRecordingWaitForTheSameLock) {
  Shop shop;
  shop.healthy(50);
  Doing waits{.running = 300 * kUs, .lock = 900 * kMs, .rows = 1};
  waits.blockers = {{Wait::Lock, 777, 777, 900 * kMs, 1, "UPDATE stock SET price = ?"}};
  one_statement(shop, 40, "POST /orders", kUpdate, waits);
  for (int i = 0; i < 20; ++i) {
    auto request = shop.request(kUpdate, "postgres");
    request.is_statement(kUpdate);
    request.doing(waits);
    request.unfinished();
    request.end();
  }
  for (Span& span : shop.reader.spans)
    if (span.parent_span_id == 0 && span.service == "postgres")
      std::erase_if(span.attributes,
                    [](const Attribute& a) { return a.key.starts_with("server.") || a.key == "db.namespace"; });
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait/row"});
  EXPECT_EQ(answer.findings[0].entity.instance, "127.0.0.1:5432/shop");
  EXPECT_EQ(answer.findings[0].holder->pid, 777);
}

TEST(OtherSystems, AnAdvisoryLockIsCalledSo) {
  Shop shop;
  shop.healthy(50);
  Doing waits{.running = 300 * kUs, .lock = 400 * kMs, .rows = 1};
  waits.blockers = {{Wait::Lock, 777, 777, 400 * kMs, 1, "select pg_advisory_lock(?)"}};
  one_statement(shop, 40, "POST /desk", "select pg_advisory_xact_lock(?)", waits);
  EXPECT_EQ(classes_of(ask(shop)), Classes{"lock_wait/advisory"});
}

// One desk after the other has the lock: the session that releases it ran the same statement.
TEST(OtherSystems, AnAdvisoryLockThatGoesFromHandToHandIsNoWork) {
  Shop shop;
  shop.healthy(50);
  Doing waits{.running = 300 * kUs, .lock = 400 * kMs, .rows = 1};
  waits.blockers = {{Wait::Lock, 501, 501, 400 * kMs, 1, "select pg_advisory_xact_lock(?)"}};
  one_statement(shop, 40, "POST /desk", "select pg_advisory_xact_lock(?)", waits);
  EXPECT_EQ(classes_of(ask(shop)), Classes{"lock_wait/advisory"});
}

// A benchmark against another server takes nearly all of the time: the cause of the requests' waits is still found.
TEST(OtherSystems, ABatchJobBesideDoesNotHideWhatRequestsWaitFor) {
  Shop shop;
  one_statement(shop, 40, "GET /shelf", "select title from books where isbn = ?", {.running = 90 * kUs, .rows = 1}, 40);
  shop.healthy(100);
  for (int i = 0; i < 5'000; ++i) {
    auto request = shop.request("SELECT abalance FROM accounts WHERE aid = ?", "postgres");
    request.is_statement("SELECT abalance FROM accounts WHERE aid = ?", 1);
    request.doing({.running = 400 * kUs, .runnable = 600 * kUs});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"n_plus_one/"});
  // The batch job does not change what a loss means either: a sixth of the requests would have to be lost.
  EXPECT_GE(std::atoi(answer.findings[0].would_flip.c_str() + std::string("if ≥ ").size()), 15)
      << answer.findings[0].would_flip;
}

TEST(OtherSystems, ACursorThatIsReadPartByPartIsNoRepeatedQuestion) {
  Shop shop;
  shop.healthy(50);
  one_statement(shop, 40, "GET /walk", "FETCH FORWARD ? FROM \"walker\"", {.running = 400 * kUs, .rows = 40}, 15);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

// Statements of a batch job, however slow, are no rival explanation of the requests' waits.
TEST(OtherSystems, WhatOthersWaitForIsNoRival) {
  Shop shop;
  shop.healthy(100);
  one_statement(shop, 40, "GET /loans", "select due from loans where member_id = ?", {.running = 90 * kMs, .rows = 7});
  for (int i = 0; i < 9; ++i) {
    auto request = shop.request("SELECT abalance FROM accounts WHERE aid = ?", "postgres");
    request.is_statement("SELECT abalance FROM accounts WHERE aid = ?", 1);
    request.doing({.running = 2'000 * kMs});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement/scan"});
  EXPECT_FALSE(answer.findings[0].next_best.has_value());
  EXPECT_EQ(answer.verdict, Verdict::Complete);
}

TEST(OtherSystems, TensOfThousandsOfRowsForOneRequestAreToBlame) {
  Shop shop;
  shop.healthy(50);
  one_statement(shop, 40, "GET /catalogue", "select isbn, title from books where shelf >= ?",
                {.running = 90 * kMs, .rows = 88'000});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement/big_result"});
  EXPECT_NE(answer.findings[0].advice.find("LIMIT"), std::string::npos);
}

TEST(OtherSystems, ALoopOfFlushesIsOneOnAFullMachineToo) {
  Shop shop;
  shop.healthy(50);
  one_statement(shop, 40, "POST /audit", "insert into audit(what) values (?)",
                {.running = 300 * kUs, .runnable = 3 * kMs, .disk = 2 * kMs, .rows = 1}, 25);
  shop.busy(0.6);  // at the time the machine was measured
  Classes found = classes_of(ask(shop));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], "fsync_storm/");
}

// The load generator ends and closes its connections.
TEST(OtherSystems, AClientThatLeavesBeforeTheAnswerIsNoFailure) {
  for (bool left : {true, false}) {
    Shop shop;
    shop.healthy(50);
    for (int i = 0; i < 10; ++i) {
      auto request = shop.request("GET /loans", "gateway");
      request.work(3 * kMs);
      request.fail();
      if (left) request.flag(kUnanswered);
      request.end();
    }
    EXPECT_EQ(classes_of(ask(shop)), left ? Classes{} : Classes{"error_return/"});
  }
}

// A request that waits for a lock until its time limit fails because of the lock.
TEST(OtherSystems, RequestsThatFailAfterALongWaitFailOfWhatTheyWaitedFor) {
  Shop shop;
  shop.healthy(50);
  Doing waits{.running = 300 * kUs, .lock = 900 * kMs, .rows = 1};
  waits.blockers = {{Wait::Lock, 777, 777, 900 * kMs, 1, "UPDATE stock SET price = ?"}};
  for (int i = 0; i < 30; ++i) {
    auto request = shop.request("POST /orders", "gateway");
    request.enter("orders-api", "POST /orders");
    request.statement(kUpdate, waits);
    request.fail();
    request.leave();
    request.fail();
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait/row"});
  EXPECT_FALSE(answer.findings[0].next_best.has_value());
}

// A fast disk: each insert works a little longer than it waits for its flush.
TEST(OtherSystems, ALoopOfFlushesOnAQuickDiskIsOneToo) {
  Shop shop;
  shop.healthy(50);
  one_statement(shop, 40, "POST /audit", "insert into audit(what) values (?)",
                {.running = 150 * kUs, .disk = 140 * kUs, .rows = 1}, 50);
  EXPECT_EQ(classes_of(ask(shop)), Classes{"fsync_storm/"});
}

// A service whose threads are runnable without a CPU, on a machine with free CPUs.
void throttled(Shop& shop, int64_t throttled_ns, double busy) {
  for (int i = 0; i < 100; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "GET /orders");
    request.doing({.running = 9 * kMs, .runnable = 40 * kMs});
    request.end();
  }
  shop.busy(busy);
  shop.process(200, "orders-api", 900 * kMs);
  Process& process = shop.reader.process_rows.back();
  process.runnable_ns = 4'000 * kMs, process.throttled_ns = throttled_ns, process.cgroup = "/kubepods/orders";
}

TEST(OtherSystems, BlamesTheQuotaThatStopsAService) {
  Shop shop;
  shop.healthy(50);
  throttled(shop, 3'900 * kMs, 0.3);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"cpu_throttled/quota"});
  EXPECT_EQ(answer.findings[0].entity.name, "orders-api");
}

TEST(OtherSystems, DoesNotBlameAQuotaThatNeverStoppedIt) {
  Shop shop;
  shop.healthy(50);
  throttled(shop, 0, 0.3);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(OtherSystems, OnBusyCpusAQuotaIsBlamedForItsPartOnly) {
  Shop shop;
  shop.healthy(50);
  throttled(shop, 40 * kMs, 0.99);
  for (const Finding& finding : ask(shop).findings) EXPECT_NE(finding.cause, FindingClass::CpuThrottled);
}

}  // namespace
}  // namespace culprit::analysis
