// Tests of calls that repeat (loops over rows, polls, attempts at a lock, pages, shards, chatty calls), and of queues
// for a pool.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "analysis/answer/question_testing.h"
#include "analysis/answer/why.h"

namespace culprit::analysis {
namespace {

using Found = std::vector<std::string>;
Found found(const Answer& answer) {
  Found out;
  for (const Finding& finding : answer.findings)
    if (finding.cause != FindingClass::Unexplained) out.push_back(name_of(finding));
  return out;
}

bool has(const Answer& answer, FindingClass wanted) {
  return std::any_of(answer.findings.begin(), answer.findings.end(),
                     [&](const Finding& finding) { return finding.cause == wanted; });
}

struct Repeats {
  std::string text = "SELECT * FROM items WHERE id = ?";
  int64_t least = 10, more = 20;  // number of calls per request
  int64_t running = 300 * kUs;
  int64_t rows = 1;
  int64_t pause = 0, pause_varies = 0;
  int64_t rows_before = -1;  // of the query before: -1 unknown, -2 as many as there are calls
  bool watched = false;
};

void repeats(Shop& shop, const Repeats& of) {
  shop.watched = of.watched;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /loop", "gateway");
    request.enter("orders-api", "GET /loop");
    request.work(400 * kUs);
    const int64_t n = of.least + (of.more > 0 ? shop.vary(of.more) : 0);
    const int64_t rows = of.rows_before == -2 ? n : of.rows_before;
    request.statement("SELECT id FROM orders WHERE customer_id = ?", {.running = 300 * kUs, .rows = rows});
    for (int64_t k = 0; k < n; ++k) {
      request.statement(of.text, {.running = of.running, .rows = of.rows});
      const int64_t pause = of.pause + (of.pause_varies > 0 ? shop.vary(of.pause_varies) : 0);
      if (pause > 0) request.doing({.sleep = pause});
    }
    request.end();
  }
}

TEST(Loops, CallsThatFollowTheRowsOfAQueryAreNPlusOne) {
  Shop shop;
  repeats(shop, {.rows_before = -2});
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"n_plus_one/"});
  EXPECT_EQ(answer.findings[0].confidence, Confidence::High);
}

TEST(Loops, TheQueryNeedNotBeTheLastBefore) {
  Shop shop;
  shop.healthy(50);
  for (int i = 0; i < 60; ++i) {
    auto request = shop.request("GET /loop", "gateway");
    const int64_t n = 10 + shop.vary(20);
    request.statement("SELECT id FROM orders WHERE customer_id = ?", {.running = 300 * kUs, .rows = n});
    request.statement("SELECT * FROM settings WHERE user_id = ?", {.running = 100 * kUs, .rows = 1});
    for (int64_t k = 0; k < n; ++k)
      request.statement("SELECT * FROM items WHERE id = ?", {.running = 300 * kUs, .rows = 1});
    request.end();
  }
  EXPECT_EQ(found(ask(shop)), Found{"n_plus_one/"});
}

TEST(Loops, WithoutRowsTheirGrowthIsInferred) {
  Shop shop;
  repeats(shop, {});
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"n_plus_one/"});
  EXPECT_NE(answer.findings[0].confidence, Confidence::High);
}

TEST(Loops, CallsThatFollowNoRowsAreNoNPlusOne) {
  Shop shop;
  repeats(shop, {.least = 12, .more = 0, .rows_before = 3});
  EXPECT_FALSE(has(ask(shop), FindingClass::NPlusOne));
}

TEST(Loops, AStatusThatIsPolledIsAPollWait) {
  for (bool watched : {false, true}) {
    Shop shop;
    repeats(shop, {.text = "SELECT state FROM jobs WHERE id = ?", .pause = 20 * kMs, .watched = watched});
    Answer answer = ask(shop);
    ASSERT_EQ(found(answer), Found{"poll_wait/poll"}) << watched;
    EXPECT_EQ(answer.findings[0].entity.kind, "process");
    EXPECT_EQ(answer.findings[0].entity.name, "orders-api");
    EXPECT_EQ(answer.findings[0].entity.statement, "SELECT state FROM jobs WHERE id = ?");
    EXPECT_FALSE(answer.findings[0].saving.comparable);
  }
}

TEST(Loops, WorkBetweenTheCallsIsNoPoll) {
  Shop shop;
  repeats(shop, {.pause = 15 * kMs, .pause_varies = 15 * kMs});
  EXPECT_FALSE(has(ask(shop), FindingClass::PollWait));
  EXPECT_FALSE(has(ask(shop), FindingClass::NPlusOne));
}

TEST(Loops, AttemptsAtALockAreNoQuestions) {
  for (const char* text : {"SELECT pg_try_advisory_lock(?)", "SELECT GET_LOCK(?, ?)",
                           "SELECT id FROM jobs WHERE state = ? LIMIT ? FOR UPDATE SKIP LOCKED"}) {
    Shop shop;
    repeats(shop, {.text = text});
    EXPECT_FALSE(has(ask(shop), FindingClass::NPlusOne)) << text;
  }
}

TEST(Loops, PagesOfOneAnswerAreNoQuestions) {
  for (const char* text :
       {"SELECT id FROM event WHERE id > ? ORDER BY id LIMIT ?", "SELECT id FROM event WHERE day = ?"}) {
    Shop shop;
    repeats(shop, {.text = text, .running = 3 * kMs, .rows = 500});
    EXPECT_EQ(found(ask(shop)), Found{}) << text;
  }
}

TEST(Loops, TheSameQuestionWithoutAValueIsNoNPlusOne) {
  Shop shop;
  repeats(shop, {.text = "SELECT value FROM config"});
  EXPECT_EQ(found(ask(shop)), Found{"chatty_calls/"});
}

// Over TLS neither text nor rows are recorded: the server is recognised by its process.
void encrypted(Shop& shop, int64_t least, int64_t more, int64_t running) {
  repeats(shop, {.least = least, .more = more, .running = running, .watched = true});
  for (Span& span : shop.reader.spans) {
    if (!find(span.attributes, "db.system.name")) continue;
    std::erase_if(span.attributes, [](const Attribute& attribute) { return attribute.key.starts_with("db."); });
    span.name = "exchange";
    span.flags |= kOpaque;
    if (span.kind == SpanKind::Server) span.service = "postgresql";
  }
}

TEST(Loops, CallsThatCannotBeReadAreChatter) {
  Shop shop;
  encrypted(shop, 20, 20, 300 * kUs);
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"chatty_calls/"});
  EXPECT_EQ(answer.findings[0].entity.kind, "edge");
  EXPECT_EQ(answer.findings[0].entity.name, "orders-api → 127.0.0.1:5432");
}

TEST(Loops, CallsThatCannotBeReadAndEndWithAFlushWriteRowByRow) {
  Shop shop;
  encrypted(shop, 20, 20, 300 * kUs);
  std::map<TraceId, Span*> last;  // the server's last span of each trace
  for (Span& span : shop.reader.spans)
    if (span.name == "exchange" && span.kind == SpanKind::Server) {
      Span*& latest = last[span.trace_id];
      if (!latest || span.start_ns > latest->start_ns) latest = &span;
    }
  ASSERT_FALSE(last.empty());
  for (auto& [trace, span] : last) {
    span->waits[Wait::Disk] = 200 * kUs;
    span->waits[Wait::Running] -= 200 * kUs;
  }
  EXPECT_FALSE(has(ask(shop), FindingClass::ChattyCalls));
}

TEST(Loops, FewCallsThatCannotBeReadAreNone) {
  Shop shop;
  encrypted(shop, 3, 2, 300 * kUs);
  EXPECT_EQ(found(ask(shop)), Found{});
}

TEST(Loops, AKnownDatabaseIsNamedThoughItsStatementsCannotBeRead) {
  Shop shop;
  encrypted(shop, 1, 0, 300 * kMs);
  Answer answer = ask(shop);
  ASSERT_EQ(found(answer), Found{"slow_statement/unknown"});
  EXPECT_EQ(answer.findings[0].entity.kind, "service");
  EXPECT_EQ(answer.findings[0].entity.name, "postgresql");
  EXPECT_EQ(answer.findings[0].entity.system, "postgresql");
  EXPECT_EQ(answer.findings[0].entity.statement, "");
}

// A pool of `members` connections; each call holds one for 15 ms. Eight requests come at a time, and wait on a futex
// (or run).
void pooled(Shop& shop, int members, bool runs = false, bool after_another = false) {
  constexpr int kAtOnce = 8;
  constexpr int64_t kCall = 15 * kMs, kEvery = 50 * kMs;  // the workload's own time between two requests
  std::vector<int64_t> free(static_cast<size_t>(members), 0);
  for (int i = 0; i < 20 * kAtOnce; ++i) {
    const size_t first = shop.reader.spans.size();
    const int64_t earlier = i % kAtOnce * kEvery;
    auto member = std::min_element(free.begin(), free.end());
    auto request = shop.request("GET /seat", "ticket-api");
    request.work(1 * kMs);
    if (after_another) request.call("10.0.0.8:80", "GET /price", 3 * kMs);
    const int64_t arrived = request.now() - earlier, begin = std::max(arrived, *member);
    if (begin > arrived && runs) request.work(begin - arrived);
    if (begin > arrived && !runs)
      request.doing({.lock = begin - arrived, .blockers = {{Wait::Lock, 100, 101, begin - arrived, 1, ""}}});
    request.call("10.0.0.7:80", "POST /seats", kCall);
    *member = begin + kCall;
    request.end();
    for (size_t at = first; at < shop.reader.spans.size(); ++at) shop.reader.spans[at].start_ns -= earlier;
  }
}

TEST(Loops, RequestsThatQueueForAPoolAreToldBySize) {
  for (int members : {1, 2, 4}) {
    Shop shop;
    pooled(shop, members);
    Answer answer = ask(shop);
    ASSERT_TRUE(has(answer, FindingClass::PoolWait)) << members;
    for (const Finding& finding : answer.findings) {
      EXPECT_NE(finding.cause, FindingClass::LockWait);
      if (finding.cause != FindingClass::PoolWait) continue;
      EXPECT_EQ(finding.entity.kind, "process");
      EXPECT_EQ(finding.entity.name, "ticket-api");
      EXPECT_EQ(finding.entity.instance, "10.0.0.7:80");
      EXPECT_NE(finding.what.find("more than " + std::to_string(members)), std::string::npos) << finding.what;
    }
  }
}

TEST(Loops, AQueueForAPoolBehindAnotherCallIsSeen) {
  Shop shop;
  pooled(shop, 2, false, true);
  Answer answer = ask(shop);
  ASSERT_TRUE(has(answer, FindingClass::PoolWait));
  for (const Finding& finding : answer.findings) {
    if (finding.cause != FindingClass::PoolWait) continue;
    EXPECT_EQ(finding.entity.instance, "10.0.0.7:80");
  }
}

TEST(Loops, APoolWithRoomHasNoQueue) {
  Shop shop;
  pooled(shop, 8);
  EXPECT_FALSE(has(ask(shop), FindingClass::PoolWait));
}

TEST(Loops, AServiceThatRunsBeforeItsCallIsNoPool) {
  Shop shop;
  pooled(shop, 2, true);
  EXPECT_FALSE(has(ask(shop), FindingClass::PoolWait));
}

}  // namespace
}  // namespace culprit::analysis
