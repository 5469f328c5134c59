// Tests of services that compute, of servers that sleep, and of sessions that hold locks by design.
#include <gtest/gtest.h>

#include "analysis/answer/question_testing.h"

namespace culprit::analysis {
namespace {

const std::string kSelect = "SELECT * FROM orders WHERE customer_id = ?";
const std::string kUpdate = "UPDATE stock SET left = left - ? WHERE item_id = ?";

void requests(Shop& shop, int count, const std::string& name, int64_t own, Doing statement,
              const std::string& text = kSelect) {
  for (int i = 0; i < count; ++i) {
    auto request = shop.request(name, "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", name);
    request.work(own);
    request.statement(text, statement);
    request.end();
  }
}

std::string first(const Answer& answer) { return answer.findings.empty() ? "" : name_of(answer.findings[0]); }

TEST(BusyServices, OneThatComputesInOneOperationIsNamedWithIt) {
  Shop shop;
  requests(shop, 60, "GET /orders", 600 * kUs, {.running = 200 * kUs, .rows = 5});
  requests(shop, 40, "GET /report", 85 * kMs, {.running = 200 * kUs, .rows = 5});
  Answer answer = ask(shop);
  ASSERT_EQ(first(answer), "cpu_bound/");
  EXPECT_EQ(answer.findings[0].entity.name, "orders-api");
  EXPECT_EQ(answer.findings[0].operation, "GET /report");
}

TEST(BusyServices, WaitersForItsLockAreNoCause) {
  Shop shop;
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.enter("orders-api", "GET /orders");
    request.doing({.running = 600 * kUs, .lock = 40 * kMs});
    request.statement(kSelect, {.running = 200 * kUs, .rows = 5});
    request.end();
  }
  requests(shop, 40, "GET /report", 85 * kMs, {.running = 200 * kUs, .rows = 5});
  Answer answer = ask(shop);
  ASSERT_EQ(first(answer), "cpu_bound/");
  EXPECT_EQ(answer.findings[0].operation, "GET /report");
  EXPECT_EQ(answer.findings.size(), 1u);
}

TEST(BusyServices, ALittleWorkAroundEachOfManyCallsIsNoComputation) {
  Shop shop;
  shop.healthy(60);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /page", "gateway");
    request.enter("catalogue", "GET /page");
    for (int k = 0; k < 40; ++k) {
      request.work(700 * kUs);
      request.statement("SELECT * FROM items WHERE id = ?", {.running = 100 * kUs, .rows = 1});
    }
    request.end();
  }
  Answer answer = ask(shop);
  for (const Finding& finding : answer.findings) EXPECT_NE(finding.cause, FindingClass::CpuBound);
}

TEST(BlockedServers, AStatementInWhichTheServerSleepsIsNamed) {
  Shop shop;
  shop.healthy(60);
  requests(shop, 40, "GET /orders", 500 * kUs, {.running = 300 * kUs, .sleep = 120 * kMs, .rows = 1},
           "SELECT * FROM slow_function(?)");
  Answer answer = ask(shop);
  ASSERT_EQ(first(answer), "slow_statement/sleeps");
  EXPECT_EQ(answer.findings[0].entity.statement, "SELECT * FROM slow_function(?)");
  EXPECT_EQ(answer.findings[0].caller, "orders-api");
}

// A request that waits for a row which `holders` sessions hold in turn.
Answer locked_by(const std::string& text, int holders) {
  Shop shop;
  shop.healthy(60);
  for (int i = 0; i < 40; ++i) {
    Blocker holder;
    holder.wait = Wait::Lock, holder.pid = 700 + i % holders, holder.tid = holder.pid;
    holder.duration_ns = 300 * kMs, holder.count = 1, holder.statement = text;
    requests(shop, 1, "POST /orders", 500 * kUs,
             {.running = 300 * kUs, .lock = 300 * kMs, .blockers = {holder}, .pid = 500 + i}, kUpdate);
  }
  return ask(shop);
}

TEST(Holders, MaintenanceHoldsTheTableAndIsNoSlowStatement) {
  Shop shop;
  shop.healthy(60);
  const std::string vacuum = "vacuum full orders";
  for (int i = 0; i < 40; ++i) {
    Blocker holder;
    holder.wait = Wait::Lock, holder.pid = 777, holder.tid = 777;
    holder.duration_ns = 300 * kMs, holder.count = 1, holder.statement = vacuum;
    requests(shop, 1, "GET /orders", 500 * kUs, {.running = 300 * kUs, .lock = 300 * kMs, .blockers = {holder}});
  }
  auto upkeep = shop.request("vacuum full orders", "postgres");
  upkeep.is_statement(vacuum);
  upkeep.doing({.running = 2'000 * kMs});
  upkeep.end();
  Answer answer = ask(shop);
  ASSERT_EQ(first(answer), "lock_wait/table_ddl");
  ASSERT_TRUE(answer.findings[0].holder);
  EXPECT_EQ(answer.findings[0].holder->pid, 777);
}

TEST(Holders, OneOfManyInTurnIsNotTheCause) {
  Answer turns = locked_by("UPDATE stock SET price = ?", 8), one = locked_by("UPDATE stock SET price = ?", 1);
  ASSERT_EQ(first(turns), "lock_wait/row");
  EXPECT_NE(turns.findings[0].what.find("8 sessions in turn"), std::string::npos) << turns.findings[0].what;
  ASSERT_EQ(first(one), "lock_wait/row");
  EXPECT_EQ(one.findings[0].what.find("in turn"), std::string::npos) << one.findings[0].what;
}

}  // namespace
}  // namespace culprit::analysis
