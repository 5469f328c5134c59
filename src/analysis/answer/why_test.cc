#include "analysis/answer/why.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "analysis/answer/synthetic_workload_testing.h"
#include "base/check.h"

namespace culprit::analysis {
namespace {

const std::string kSelect = "SELECT * FROM orders WHERE customer_id = ?";

Answer ask(Shop& shop, Shop* before = nullptr, DatabaseInspector* inspector = nullptr) {
  Question question;
  question.source = "x.culprit";
  Result<Answer> answer = why(shop.reader, before == nullptr ? nullptr : &before->reader, inspector, question);
  CHECK(answer.has_value(), "a fake does not fail");
  if (std::getenv("SHOW_ANSWERS") != nullptr) {
    const Answer& a = answer.value();
    std::printf("== %s [%s]\n", a.summary.c_str(), std::string(to_string(a.verdict)).c_str());
    for (const Finding& f : a.findings) {
      std::printf("  %d %s/%s %.3f %s | %s | by %s %.1f | %s | p95 %.2f -> %.2f (%.2f-%.2f) | flip %s\n", f.rank,
                  std::string(to_string(f.cause)).c_str(), std::string(to_string(f.mechanism)).c_str(), f.score,
                  std::string(to_string(f.confidence)).c_str(), f.entity.name.c_str(), f.caller.c_str(),
                  f.calls_per_request, f.what.c_str(), f.effect.after_ns / 1e6,
                  (f.effect.after_ns - f.saving.likely_ns) / 1e6, (f.effect.after_ns - f.saving.interval.high_ns) / 1e6,
                  (f.effect.after_ns - f.saving.interval.low_ns) / 1e6, f.would_flip.c_str());
      for (const PathStep& s : f.path) std::printf("     %s %.1f%%\n", s.entity.c_str(), s.share * 100);
      for (const auto& e : f.evidence) std::printf("     + %s\n", e.text.c_str());
      for (const auto& e : f.against) std::printf("     - %s\n", e.c_str());
    }
  }
  return answer.value();
}

// Returns the classes of all findings but `unexplained`.
std::vector<std::string> classes_of(const Answer& answer) {
  std::vector<std::string> out;
  for (const Finding& finding : answer.findings)
    if (finding.cause != FindingClass::Unexplained) out.emplace_back(to_string(finding.cause));
  return out;
}
using Classes = std::vector<std::string>;

void orders(Shop& shop, int requests, Doing statement) {
  for (int i = 0; i < requests; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "GET /orders");
    request.work(700 * kUs);
    Doing varied = statement;
    varied.running += varied.running / 100 * shop.vary(20);
    request.statement(kSelect, varied);
    request.leave();
    request.work(200 * kUs);
    request.end();
  }
}

TEST(Why, FindsNothingInAHealthyShop) {
  for (bool watched : {true, false}) {
    Shop shop;
    shop.watched = watched;
    shop.healthy(100);
    orders(shop, 100, {.running = 200 * kUs, .rows = 7});
    Answer answer = ask(shop);
    EXPECT_TRUE(answer.findings.empty());
    EXPECT_EQ(answer.verdict, Verdict::Complete);
    EXPECT_EQ(answer.operations.size(), 2u);
  }
}

TEST(Why, SaysThatThereIsNoData) {
  Shop shop;
  Answer answer = ask(shop);
  EXPECT_EQ(answer.verdict, Verdict::NoData);
  EXPECT_TRUE(answer.findings.empty());
}

TEST(Why, BlamesAScanForAFewRows) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 350 * kMs, .runnable = 10 * kMs, .rows = 7});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  const Finding& finding = answer.findings[0];
  EXPECT_EQ(finding.mechanism, Mechanism::Scan);
  EXPECT_EQ(finding.entity.statement, kSelect);
  EXPECT_EQ(finding.entity.instance, "127.0.0.1:5432/shop");
  EXPECT_EQ(finding.caller, "orders-api");
  EXPECT_EQ(finding.caller_pid, 200);
  EXPECT_EQ(finding.operation, "GET /orders");
  EXPECT_NEAR(finding.calls_per_request, 1, 0.01);
  EXPECT_GT(finding.effect.share_of_path, 0.9);
  EXPECT_EQ(finding.confidence, Confidence::High);
  EXPECT_FALSE(finding.exemplars.empty());
  EXPECT_EQ(finding.path.back().entity, "[statement]");
  double all = 0;
  for (const PathStep& step : finding.path) all += step.share;
  EXPECT_NEAR(all, 1, 0.03);
  EXPECT_LT(finding.saving.interval.low_ns, finding.saving.likely_ns + 1);
  EXPECT_GE(finding.saving.interval.high_ns, finding.saving.likely_ns);
}

TEST(Why, BlamesASlowStatementEvenWhereOnlyProgramsToldOfIt) {
  Shop shop;
  shop.watched = false;
  shop.healthy(100);
  orders(shop, 100, {.running = 350 * kMs, .rows = 7});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_NE(answer.findings[0].confidence, Confidence::High);
}

TEST(Why, DoesNotBlameAReportForReadingItsTable) {
  Shop shop;
  shop.healthy(200);
  for (int i = 0; i < 3; ++i) {
    auto request = shop.request("GET /report", "gateway");
    request.work(1 * kMs);
    request.statement("SELECT day, sum(total) FROM orders GROUP BY day", {.running = 900 * kMs, .rows = 30});
    request.end();
  }
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, DoesNotBlameAStatementForItsManyRows) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 6 * kMs, .rows = 4000});
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, BlamesReadsFromDiskAsColdRead) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 1 * kMs, .disk = 80 * kMs, .rows = 7});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].mechanism, Mechanism::ColdRead);
}

void neighbour(Shop& shop, int64_t runnable) {
  for (int i = 0; i < 100; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    Blocker stress{Wait::Runnable, 900, 900, runnable, 4, ""};
    request.doing({.running = 300 * kUs, .runnable = runnable, .blockers = {stress}});
    request.enter("orders-api", "GET /orders");
    request.doing({.running = 700 * kUs, .runnable = runnable, .blockers = {stress}});
    request.statement(kSelect, {.running = 200 * kUs, .runnable = 2 * runnable, .rows = 7, .blockers = {stress}});
    request.end();
  }
  shop.busy(0.99);
  shop.process(900, "burn", 16'000 * kMs), shop.process(100, "gateway", 900 * kMs);
  shop.process(200, "orders-api", 900 * kMs), shop.process(500, "postgres", 2'000 * kMs);
}

TEST(Why, BlamesTheNeighbourThatHoldsTheCpus) {
  Shop shop;
  shop.healthy(50);
  neighbour(shop, 8 * kMs);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"cpu_saturation"});
  EXPECT_EQ(answer.findings[0].entity.name, "burn");
  EXPECT_EQ(answer.findings[0].entity.pid, 900);
}

TEST(Why, DoesNotBlameANeighbourWithoutWaiters) {
  Shop shop;
  shop.healthy(50);
  neighbour(shop, 20 * kUs);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, BlamesTheScanForTheQueueThatItMakes) {
  Shop shop;
  shop.healthy(50);
  orders(shop, 100, {.running = 350 * kMs, .runnable = 700 * kMs, .rows = 7});
  shop.busy(0.99);
  shop.process(500, "postgres", 19'000 * kMs), shop.process(100, "gateway", 300 * kMs);
  Answer answer = ask(shop);
  ASSERT_FALSE(answer.findings.empty());
  EXPECT_EQ(answer.findings[0].cause, FindingClass::SlowStatement);
}

void locked(Shop& shop, int64_t wait, std::vector<Blocker> blockers, bool unfinished = false) {
  shop.healthy(50);
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("POST /orders", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "POST /orders");
    request.work(400 * kUs);
    request.statement("UPDATE stock SET left = left - ? WHERE item_id = ?",
                      {.running = 300 * kUs, .lock = wait, .rows = 1, .blockers = blockers, .pid = 500 + i});
    if (unfinished) request.unfinished();
    request.end();
  }
}

TEST(Why, NamesTheHolderThatGaveTheLockFree) {
  Shop shop;
  locked(shop, 400 * kMs, {{Wait::Lock, 777, 777, 400 * kMs, 1, "UPDATE stock SET price = ?"}});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  const Finding& finding = answer.findings[0];
  EXPECT_EQ(finding.mechanism, Mechanism::Row);
  EXPECT_EQ(finding.entity.kind, "lock");
  ASSERT_TRUE(finding.holder);
  EXPECT_EQ(finding.holder->pid, 777);
  EXPECT_EQ(finding.holder->statement, "UPDATE stock SET price = ?");
}

TEST(Why, SaysHowToAskWhereTheHolderSlept) {
  Shop shop;
  locked(shop, 3'000 * kMs, {}, true);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  EXPECT_FALSE(answer.findings[0].holder);
  EXPECT_NE(answer.findings[0].advice.find("--ask"), std::string::npos);
  EXPECT_EQ(answer.verdict, Verdict::Qualified);
}

LogRecord said(int32_t waiter, int32_t holder, int64_t time_ns) {
  LogRecord log;
  log.event_name = kLockWaitEvent;
  log.time_ns = time_ns;
  log.attributes = {{"waiter_pid", int64_t{waiter}},
                    {"holder_pid", int64_t{holder}},
                    {"waited_ns", 2'000 * kMs},
                    {"waiter_statement", std::string("UPDATE stock SET left = left - ? WHERE item_id = ?")},
                    {"holder_state", std::string(holder == 777 ? "idle in transaction" : "active")},
                    {"holder_program", std::string("backoffice")},
                    {"held_ns", 9'000 * kMs},
                    {"holder_statement", std::string("UPDATE stock SET price = ?")},
                    {"relation", std::string("stock")},
                    {"lock", std::string("transactionid")}};
  return log;
}

TEST(Why, FollowsTheQueueToTheSessionThatSleeps) {
  Shop shop;
  locked(shop, 0, {}, true);
  // Only the database can tell: the recorder saw that the backends were blocked, and nothing more. 501 waits for 500,
  // 500 for 777.
  for (Span& span : shop.reader.spans)
    if (span.service == "postgres" && span.pid >= 500 && span.name.starts_with("UPDATE")) {
      span.duration_ns += 3'000 * kMs;
      span.waits[Wait::Other] += 3'000 * kMs;
      shop.reader.log_records.push_back(said(span.pid, span.pid == 500 ? 777 : 500, span.start_ns + 1'000 * kMs));
    }
  for (Span& span : shop.reader.spans)
    if (span.flags & kUnfinished && span.service != "postgres")
      span.duration_ns += 3'000 * kMs, span.waits[Wait::Peer] += 3'000 * kMs;
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  ASSERT_TRUE(answer.findings[0].holder);
  EXPECT_EQ(answer.findings[0].holder->pid, 777);
  EXPECT_EQ(answer.findings[0].holder->name, "backoffice");
  EXPECT_EQ(answer.findings[0].mechanism, Mechanism::Row);
}

TEST(Why, DoesNotBlameShortWaitsForARow) {
  Shop shop;
  locked(shop, 200 * kUs, {{Wait::Lock, 777, 777, 200 * kUs, 1, "UPDATE stock SET price = ?"}});
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, BlamesTheSlowStatementForTheLockThatItHolds) {
  Shop shop;
  const std::string slow = "UPDATE stock SET price = ? WHERE name = ?";
  locked(shop, 300 * kMs, {{Wait::Lock, 777, 777, 300 * kMs, 1, slow}});
  for (int i = 0; i < 40; ++i) {
    auto request = shop.request("POST /prices", "gateway");
    request.statement(slow, {.running = 320 * kMs, .rows = 1, .pid = 777});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].entity.statement, slow);
}

void loop(Shop& shop, int64_t extra, bool parallel, bool known_rows = true) {
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /orders", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "GET /orders");
    request.work(400 * kUs);
    int64_t n = extra + shop.vary(extra);
    request.statement(kSelect, {.running = 300 * kUs, .rows = known_rows ? n : -1});
    if (parallel) request.fan_out("SELECT * FROM items WHERE id = ?", static_cast<int>(n), 300 * kUs);
    for (int64_t k = 0; !parallel && k < n; ++k)
      request.statement("SELECT * FROM items WHERE id = ?", {.running = 150 * kUs, .rows = 1});
    request.end();
  }
}

TEST(Why, BlamesALoopOfStatements) {
  for (bool watched : {true, false}) {
    Shop shop;
    shop.watched = watched;
    loop(shop, 40, false);
    Answer answer = ask(shop);
    ASSERT_EQ(classes_of(answer), Classes{"n_plus_one"});
    EXPECT_EQ(answer.findings[0].entity.statement, "SELECT * FROM items WHERE id = ?");
    EXPECT_EQ(answer.findings[0].caller, "orders-api");
    EXPECT_GT(answer.findings[0].calls_per_request, 30);
  }
}

TEST(Why, DoesNotBlameCallsSideBySide) {
  Shop shop;
  loop(shop, 40, true);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, DoesNotBlameAFewStatements) {
  Shop shop;
  loop(shop, 2, false);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

void commits(Shop& shop, int n, int64_t disk) {
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("POST /orders", "gateway");
    request.work(300 * kUs);
    request.enter("orders-api", "POST /orders");
    for (int k = 0; k < n; ++k) {
      request.statement("BEGIN", {.running = 20 * kUs});
      request.statement("INSERT INTO lines VALUES (?)", {.running = 100 * kUs, .rows = 1});
      request.statement("COMMIT", {.running = 50 * kUs, .disk = disk});
    }
    request.end();
  }
}

TEST(Why, BlamesACommitPerRow) {
  Shop shop;
  commits(shop, 20, 2 * kMs);
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"fsync_storm"});
  EXPECT_EQ(answer.findings[0].entity.statement, "COMMIT");
  EXPECT_EQ(answer.findings[0].caller, "orders-api");
}

TEST(Why, DoesNotBlameOneCommitOnASlowDisk) {
  Shop shop;
  commits(shop, 1, 30 * kMs);
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

void dependency(Shop& shop, Doing doing) {
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /price", "gateway");
    request.work(300 * kUs);
    request.enter("pricing", "GET /price");
    request.doing(doing);
    request.end();
  }
}

TEST(Why, BlamesTheServiceThatSleepsBeforeItAnswers) {
  Shop shop;
  dependency(shop, {.running = 300 * kUs, .sleep = 150 * kMs});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"dependency_slow"});
  EXPECT_EQ(answer.findings[0].entity.name, "pricing");
}

TEST(Why, DoesNotBlameAServiceThatWorks) {
  Shop shop;
  dependency(shop, {.running = 20 * kMs});
  EXPECT_EQ(classes_of(ask(shop)), Classes{});
}

TEST(Why, TellsByABaselineWhatChanged) {
  Shop before, after;
  before.watched = after.watched = false;
  orders(before, 40, {.running = 7 * kMs, .rows = 7});
  orders(after, 40, {.running = 17 * kMs, .rows = 7});  // too little for a finding without the baseline
  EXPECT_EQ(classes_of(ask(after)), Classes{});
  Answer answer = ask(after, &before);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(classes_of(ask(before, &before)), Classes{});
}

TEST(Why, BlamesTheLockForTheQueueThatFormsBehindIt) {
  Shop shop;
  locked(shop, 400 * kMs, {{Wait::Lock, 777, 777, 400 * kMs, 1, "UPDATE stock SET price = ?"}});
  for (int i = 0; i < 200; ++i) {  // these requests wait for a connection of the pool
    auto request = shop.request("GET /orders", "gateway");
    request.enter("orders-api", "GET /orders");
    request.doing({.running = 300 * kUs, .lock = 300 * kMs});
    request.statement(kSelect, {.running = 200 * kUs, .rows = 7});
    request.end();
  }
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"lock_wait"});
  EXPECT_EQ(answer.findings[0].mechanism, Mechanism::Row);
  EXPECT_EQ(answer.findings[0].operation, "POST /orders");
  EXPECT_EQ(answer.findings[0].caller, "orders-api");
}

TEST(Why, CountsParallelWorkersAsTheStatementsOwnWork) {
  Shop shop;
  shop.healthy(100);
  orders(
      shop, 100,
      {.running = 20 * kMs, .lock = 80 * kMs, .rows = 7, .blockers = {{Wait::Lock, 7001, 7001, 80 * kMs, 3, kSelect}}});
  Answer answer = ask(shop);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].mechanism, Mechanism::Scan);
}

class FakeInspector : public DatabaseInspector {
 public:
  Plan answer;
  Result<std::vector<LockWait>> lock_waits() override { return std::vector<LockWait>(); }
  Result<Plan> plan(const std::string&, const std::string&) override { return answer; }
  std::vector<std::string> said() const override { return {"asked 127.0.0.1:5432/shop: EXPLAIN of 1 statement"}; }
};

TEST(Why, IsConfirmedByThePlan) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 350 * kMs, .rows = 7});
  FakeInspector inspector;
  inspector.answer.known = true;
  inspector.answer.summary = "Seq Scan on orders (filter: customer_id = $1)";
  inspector.answer.scan = "Seq Scan", inspector.answer.relation = "orders",
  inspector.answer.filter_columns = {"customer_id"};
  inspector.answer.rows_read = 2'000'000, inspector.answer.rows_returned = 7;
  Answer answer = ask(shop, nullptr, &inspector);
  ASSERT_EQ(classes_of(answer), Classes{"slow_statement"});
  EXPECT_EQ(answer.findings[0].advice, "CREATE INDEX CONCURRENTLY ON orders (customer_id);");
  EXPECT_EQ(answer.findings[0].evidence.back().how, "confirmed by the database");
  EXPECT_EQ(answer.asked.size(), 1u);
}

TEST(Why, CannotTellWhereTooMuchWasLost) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 350 * kMs, .rows = 7});
  shop.reader.ledger_rows = {ledger_row(LedgerKind::ring_full, 3, "recorder", "kernel")};
  EXPECT_EQ(ask(shop).verdict, Verdict::Qualified);
  shop.reader.ledger_rows = {ledger_row(LedgerKind::ring_full, 9'000, "recorder", "kernel")};
  EXPECT_EQ(ask(shop).verdict, Verdict::Undecided);
}

TEST(Why, GivesTheSameAnswerTwice) {
  Shop shop;
  shop.healthy(100);
  orders(shop, 100, {.running = 350 * kMs, .rows = 7});
  Answer a = ask(shop), b = ask(shop);
  ASSERT_EQ(a.findings.size(), b.findings.size());
  EXPECT_EQ(a.findings[0].id, b.findings[0].id);
  EXPECT_EQ(a.findings[0].score, b.findings[0].score);
  EXPECT_EQ(a.findings[0].exemplars, b.findings[0].exemplars);
}

}  // namespace
}  // namespace culprit::analysis
