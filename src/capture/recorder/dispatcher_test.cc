#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "capture/recorder/dispatcher_testing.h"

namespace culprit::capture::testing {
namespace {

// Processes: 10 is a client, 20 a gateway, 30, 31 and 32 are backends of one database.
constexpr int32_t kClient = 10, kGateway = 20, kBackend = 30, kOther = 31, kThird = 32;

class DispatcherTest : public ::testing::Test, protected Machine {
 protected:
  DispatcherTest() {
    view.programs = {
        {kClient, "client"}, {kGateway, "gateway"}, {kBackend, "postgres"}, {kOther, "postgres"}, {kThird, "postgres"}};
  }
  // Connects sockets 1 (client) and 2 (backend `pid`).
  void connect(int32_t client, int32_t server, uint64_t first = 1, uint16_t port = 4000) {
    tcp(first, client, port, 5432);
    tcp(first + 1, server, 5432, port);
  }
  const Span& span(std::string_view name, SpanKind kind) {
    const Span* found = sink.span(name, kind);
    EXPECT_NE(found, nullptr) << name;
    static const Span kNone;
    return found ? *found : kNone;
  }
};

TEST_F(DispatcherTest, ARequestSeenAtBothEndsBecomesTwoSpansOfOneTrace) {
  connect(kClient, kBackend);
  sends(1, kClient, 10, "Q one", 1000);
  receives(2, kBackend, 11, "Q one", 1000);
  sends(2, kBackend, 15, "Z", 50);
  receives(1, kClient, 16, "Z", 50);
  finish(100);
  ASSERT_EQ(sink.spans.size(), 2u);
  const Span& client = span("one", SpanKind::Client);
  const Span& server = span("one", SpanKind::Server);
  EXPECT_EQ(client.start_ns, at(10));
  EXPECT_EQ(client.duration_ns, 6 * kMs);
  EXPECT_EQ(server.duration_ns, 4 * kMs);
  EXPECT_EQ(server.parent_span_id, client.span_id);
  EXPECT_EQ(server.link, LinkHow::Connection);
  EXPECT_EQ(server.trace_id, client.trace_id);
  EXPECT_FALSE(client.trace_id.zero());
  EXPECT_EQ(client.parent_span_id, 0u);
  EXPECT_EQ(client.service, "client");
  EXPECT_EQ(server.service, "postgresql");
  EXPECT_EQ(find_integer(server.attributes, "server.port", 0), 5432);
  EXPECT_EQ(sink.received["span"], 2);
  EXPECT_EQ(sink.ledger["unpaired_edge"], 0);
}

TEST_F(DispatcherTest, ARequestBeginsAndItsAnswerEndsWhenTheBytesLeaveAndNotWhenTheCallReturns) {
  connect(kClient, kBackend);
  receives(2, kBackend, 11, "Q one");
  sent(1, kClient, 12, 2, "Q one");  // the receiver took the sender's CPU
  off(kClient, {.off = 11, .wake = 11, .on = 12, .state = 0});
  off(kBackend, {.off = 14, .wake = 14, .on = 17, .state = 0});
  receives(1, kClient, 16, "Z");
  sent(2, kBackend, 17, 3, "Z");
  finish(100);
  const Span& client = span("one", SpanKind::Client);
  const Span& server = span("one", SpanKind::Server);
  EXPECT_EQ(client.start_ns, at(10));
  EXPECT_EQ(client.duration_ns, 6 * kMs);
  EXPECT_EQ(server.start_ns, at(11));
  EXPECT_EQ(server.duration_ns, 3 * kMs);
  EXPECT_EQ(server.waits[Wait::Running], 3 * kMs);
  EXPECT_EQ(server.waits[Wait::Runnable], 0);
}

TEST_F(DispatcherTest, AProcessTellsHowLongItsQuotaStoppedItWhileItWasRecorded) {
  view.throttled[kBackend] = 5 * kMs;
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q one");
  sends(2, kBackend, 60, "Z");
  view.throttled[kBackend] = 45 * kMs;
  finish(100);
  EXPECT_EQ(sink.processes[kBackend].throttled_ns, 40 * kMs);
  EXPECT_EQ(sink.processes[kClient].throttled_ns, 0);
}

TEST_F(DispatcherTest, LossesBeyondWhatANumberHoldsAreTheLargestThereIs) {
  lost(1, 2, EVENT_SWITCH, UINT64_MAX);
  lost(3, 4, EVENT_SWITCH, UINT64_MAX);
  finish(5);
  EXPECT_EQ(sink.ledger["ring_full"], INT64_MAX);
}

TEST_F(DispatcherTest, ASendThatIsToldAfterItsAnswerWasSentStillJoins) {
  connect(kClient, kBackend);
  receives(2, kBackend, 11, "Q one", 1000);
  sends(2, kBackend, 12, "Z", 50);
  sends(1, kClient, 13, "Q one", 1000);
  receives(1, kClient, 16, "Z", 50);
  receives(2, kBackend, 21, "Q two", 1005);
  sends(2, kBackend, 22, "Z", 51);
  sends(1, kClient, 23, "Q two", 1005);
  receives(1, kClient, 26, "Z", 51);
  finish(100);
  for (const char* name : {"one", "two"}) {
    EXPECT_EQ(span(name, SpanKind::Server).parent_span_id, span(name, SpanKind::Client).span_id);
    EXPECT_EQ(span(name, SpanKind::Server).trace_id, span(name, SpanKind::Client).trace_id);
  }
  EXPECT_EQ(sink.ledger["unpaired_edge"], 0);
}

TEST_F(DispatcherTest, UnixEndsThatWereFirstSeenAtDifferentMomentsJoinAllTheSame) {
  unix_socket(1, 2, kClient);
  unix_socket(2, 1, kBackend);
  receives(2, kBackend, 11, "Q before", 0);  // its send call had returned when the recording began
  sends(2, kBackend, 12, "Z");
  for (int i = 0; i < 3; ++i) {
    sends(1, kClient, 20 + i * 10, "Q q" + std::to_string(i));
    receives(2, kBackend, 21 + i * 10, "Q q" + std::to_string(i));
    sends(2, kBackend, 22 + i * 10, "Z");
    receives(1, kClient, 23 + i * 10, "Z");
  }
  finish(2000);
  for (const char* name : {"q0", "q1", "q2"})
    EXPECT_EQ(span(name, SpanKind::Server).parent_span_id, span(name, SpanKind::Client).span_id) << name;
  EXPECT_EQ(span("before", SpanKind::Server).parent_span_id, 0u);
}

TEST_F(DispatcherTest, ACallMadeWhileServingHangsUnderTheRequest) {
  connect(kClient, kGateway, 1, 4000);
  connect(kGateway, kBackend, 3, 4001);
  sends(1, kClient, 10, "Q page", 1);
  receives(2, kGateway, 11, "Q page", 1);
  sends(3, kGateway, 12, "Q select", 1);
  receives(4, kBackend, 13, "Q select", 1);
  off(kGateway, {.off = 12.5, .wake = 15, .on = 15.5, .syscall = SYS_epoll_wait});
  sends(4, kBackend, 15, "Z", 1);
  receives(3, kGateway, 16, "Z", 1);
  sends(2, kGateway, 18, "Z", 1);
  receives(1, kClient, 19, "Z", 1);
  ASSERT_TRUE(tick(60).has_value());
  finish(100);
  const Span& page = span("page", SpanKind::Server);
  const Span& call = span("select", SpanKind::Client);
  EXPECT_EQ(call.parent_span_id, page.span_id);
  EXPECT_EQ(call.link, LinkHow::SameThread);
  EXPECT_EQ(call.link_confidence, 1);
  for (const Span& span : sink.spans) EXPECT_EQ(span.trace_id, page.trace_id) << span.name;
  EXPECT_TRUE(page.waits.known);
  EXPECT_EQ(page.waits[Wait::Peer], 2'500'000);
  EXPECT_EQ(page.waits[Wait::Runnable], 500'000);
  EXPECT_EQ(page.waits[Wait::Running], 4 * kMs);
  ASSERT_FALSE(call.blockers.empty());
  EXPECT_EQ(call.blockers[0].wait, Wait::Peer);
  EXPECT_EQ(call.blockers[0].pid, kBackend);
}

TEST_F(DispatcherTest, TheWaitsOfARequestSumToItsDuration) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q x", 1);
  off(kBackend, {.off = 11, .wake = 13, .on = 14, .syscall = SYS_fdatasync, .state = 2});
  off(kBackend, {.off = 15, .wake = 15, .on = 18, .state = 0, .previous = 77});
  off(kBackend, {.off = 19, .wake = 20, .on = 20, .syscall = SYS_clock_nanosleep});
  sends(2, kBackend, 25, "Z", 1);
  finish(100);
  const Span& server = span("x", SpanKind::Server);
  EXPECT_EQ(server.waits[Wait::Disk], 2 * kMs);
  EXPECT_EQ(server.waits[Wait::Runnable], 4 * kMs);
  EXPECT_EQ(server.waits[Wait::Sleep], 1 * kMs);
  EXPECT_EQ(server.waits[Wait::Running], 8 * kMs);
  int64_t sum = 0;
  for (int64_t ns : server.waits.ns) sum += ns;
  EXPECT_EQ(sum, server.duration_ns);
  ASSERT_EQ(server.blockers.size(), 1u);
  EXPECT_EQ(server.blockers[0].wait, Wait::Runnable);
  EXPECT_EQ(server.blockers[0].pid, 77);
  EXPECT_EQ(server.blockers[0].duration_ns, 3 * kMs);
  EXPECT_FALSE(sink.states.empty());  // 15 ms: a slow request
}

TEST_F(DispatcherTest, ABackendWokenByAnotherWaitedForTheLockThatItsStatementTook) {
  connect(kClient, kBackend, 1, 4000);
  connect(kClient, kOther, 3, 4001);
  receives(4, kOther, 5, "Q UPDATE holder", 1);
  sends(4, kOther, 6, "Z", 1);
  receives(2, kBackend, 10, "Q UPDATE waiter", 1);
  // The backend's deadlock timer ends its first wait; the backend checks for a deadlock and waits again.
  off(kBackend, {.off = 11, .wake = 1011, .on = 1011, .syscall = SYS_epoll_wait});
  receives(4, kOther, 1500, "Q COMMIT", 10);
  sends(4, kOther, 1512, "Z", 2);
  receives(4, kOther, 1513, "Q SELECT later", 20);
  sends(4, kOther, 1514, "Z", 3);
  off(kBackend, {.off = 1012, .wake = 1511, .on = 1520, .syscall = SYS_epoll_wait, .waker = kOther});
  sends(2, kBackend, 1521, "Z", 1);
  finish(2000);
  const Span& waiter = span("UPDATE waiter", SpanKind::Server);
  EXPECT_EQ(waiter.waits[Wait::Lock], (1000 + 499) * kMs);
  EXPECT_EQ(waiter.waits[Wait::Sleep], 0);
  ASSERT_FALSE(waiter.blockers.empty());
  EXPECT_EQ(waiter.blockers[0].wait, Wait::Lock);
  EXPECT_EQ(waiter.blockers[0].pid, kOther);
  EXPECT_EQ(waiter.blockers[0].duration_ns, 1500 * kMs);
  EXPECT_EQ(waiter.blockers[0].statement, "UPDATE holder");
}

TEST_F(DispatcherTest, AWaitThatItsTimeOutEndedIsALockWaitWhereTheProcessTitleSaysSo) {
  connect(kClient, kBackend, 1, 4000);
  receives(2, kBackend, 10, "Q UPDATE waiter", 1);
  ASSERT_TRUE(tick(100).has_value());  // too early: titles are read for requests older than 200 ms
  view.titles[kBackend] = "postgres: app shop 127.0.0.1(4000) UPDATE waiting";
  ASSERT_TRUE(tick(500).has_value());
  off(kBackend, {.off = 11, .wake = 1011, .on = 1011, .syscall = SYS_epoll_wait});    // the deadlock check
  off(kBackend, {.off = 1012, .wake = 1500, .on = 1500, .syscall = SYS_epoll_wait});  // the lock time-out
  sends(2, kBackend, 1501, "Z", 1);
  view.titles[kBackend] = "postgres: app shop 127.0.0.1(4000) SELECT";
  receives(2, kBackend, 2000, "Q SELECT pg_sleep", 101);
  ASSERT_TRUE(tick(2400).has_value());
  off(kBackend, {.off = 2001, .wake = 2500, .on = 2500, .syscall = SYS_epoll_wait});
  sends(2, kBackend, 2501, "Z", 101);
  finish(4000);
  const Span& waiter = span("UPDATE waiter", SpanKind::Server);
  EXPECT_EQ(waiter.waits[Wait::Lock], (1000 + 488) * kMs);
  EXPECT_EQ(waiter.waits[Wait::Sleep], 0);
  ASSERT_FALSE(waiter.blockers.empty());
  EXPECT_EQ(waiter.blockers[0].wait, Wait::Lock);
  EXPECT_EQ(waiter.blockers[0].pid, 0);
  EXPECT_EQ(span("SELECT pg_sleep", SpanKind::Server).waits[Wait::Lock], 0);
}

TEST_F(DispatcherTest, TheHolderOfALockIsNamedByTheStatementOfItsTransactionThatLocks) {
  connect(kClient, kBackend, 1, 4000);
  connect(kClient, kOther, 3, 4001);
  uint32_t sequence = 1;
  double now = 1;
  auto runs = [&](std::string text) {
    receives(4, kOther, now, "Q " + text, sequence);
    sends(4, kOther, now + 0.5, "Z", sequence);
    sequence += 100, now += 1;
  };
  runs("UPDATE earlier"), runs("COMMIT");
  runs("update books set title"), now = 12;
  receives(2, kBackend, 11, "Q UPDATE waiter", 1);
  for (int i = 0; i < 20; ++i) runs("select count(*) from updates");
  receives(4, kOther, 100, "Q ROLLBACK", sequence);
  sends(4, kOther, 102, "Z", sequence);
  off(kBackend, {.off = 11.5, .wake = 101, .on = 103, .syscall = SYS_epoll_wait, .waker = kOther});
  sends(2, kBackend, 104, "Z", 1);
  finish(2000);
  ASSERT_FALSE(span("UPDATE waiter", SpanKind::Server).blockers.empty());
  EXPECT_EQ(span("UPDATE waiter", SpanKind::Server).blockers[0].statement, "update books set title");
}

TEST_F(DispatcherTest, AChainOfLocksNamesItsFirstHolderToo) {
  connect(kClient, kBackend, 1, 4000);
  connect(kClient, kOther, 3, 4001);
  receives(4, kOther, 5, "Q middle", 1);
  receives(2, kBackend, 10, "Q last", 1);
  off(kOther, {.off = 6, .wake = 50, .on = 50, .syscall = SYS_epoll_wait, .waker = kThird});
  off(kBackend, {.off = 11, .wake = 52, .on = 52, .syscall = SYS_epoll_wait, .waker = kOther});
  sends(4, kOther, 53, "Z", 1);
  sends(2, kBackend, 54, "Z", 1);
  finish(100);
  const Span& last = span("last", SpanKind::Server);
  ASSERT_EQ(last.blockers.size(), 2u);
  EXPECT_EQ(last.blockers[0].pid, kOther);
  EXPECT_EQ(last.blockers[0].duration_ns, 41 * kMs);
  EXPECT_EQ(last.blockers[1].pid, kThird);
  EXPECT_EQ(last.blockers[1].duration_ns, 39 * kMs);
}

TEST_F(DispatcherTest, AParallelWorkerOfTheQueryIsNoHolderOfALock) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q scan", 1);
  view.programs[1] = "postgres";
  forks(1, 40, 11);
  off(kBackend, {.off = 12, .wake = 30, .on = 30, .syscall = SYS_epoll_wait, .waker = 40});
  sends(2, kBackend, 31, "Z", 1);
  finish(100);
  EXPECT_EQ(span("scan", SpanKind::Server).waits[Wait::Lock], 0);
}

// The server's parent process informs a backend that its workers have ended.
TEST_F(DispatcherTest, ToWaitForTheEndOfAParallelWorkerIsToWaitForWhatTheWorkerDoes) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q scan", 1);
  view.programs[1] = "postgres";
  forks(1, 40, 11);
  off(40, {.off = 12.5, .wake = 12.5, .on = 27, .state = 0});
  exits(40, 29);
  off(kBackend, {.off = 12, .wake = 30, .on = 30, .syscall = SYS_epoll_wait, .waker = 1});
  sends(2, kBackend, 31, "Z", 1);
  // No worker of this query has ended in between.
  receives(2, kBackend, 40, "Q other", 10);
  off(kBackend, {.off = 41, .wake = 45, .on = 45, .syscall = SYS_epoll_wait, .waker = 1});
  sends(2, kBackend, 46, "Z", 1);
  finish(100);
  EXPECT_EQ(span("scan", SpanKind::Server).waits[Wait::Runnable], 18 * kMs);
  EXPECT_EQ(span("scan", SpanKind::Server).waits[Wait::Other], 0);
  EXPECT_EQ(span("other", SpanKind::Server).waits[Wait::Other], 4 * kMs);
}

TEST_F(DispatcherTest, AWaiterWhoseHolderNeverRanWaitsForALockOfNobodyKnown) {
  connect(kClient, kBackend);
  sends(1, kClient, 9, "Q UPDATE", 1);
  receives(2, kBackend, 10, "Q UPDATE", 1);
  OpenWait wait;
  wait.pid = wait.tid = kBackend;
  wait.off_ns = static_cast<uint64_t>(at(11));
  wait.state = 1;
  wait.syscall = SYS_epoll_wait;
  finish(1000, {wait});
  const Span& waiter = span("UPDATE", SpanKind::Server);
  EXPECT_TRUE(waiter.flags & kUnfinished);
  EXPECT_EQ(waiter.duration_ns, 990 * kMs);
  EXPECT_EQ(waiter.waits[Wait::Lock], 989 * kMs);
  ASSERT_FALSE(waiter.blockers.empty());
  EXPECT_EQ(waiter.blockers[0].pid, 0);
  EXPECT_EQ(sink.ledger["holder_asleep"], 1);
  EXPECT_EQ(sink.ledger["never_ended"], 2);
}

TEST_F(DispatcherTest, AWorkerThatWasWokenForARequestMakesItsCalls) {
  constexpr int32_t kWorker = 21;
  process_of[kWorker] = kGateway;
  connect(kClient, kGateway, 1, 4000);
  connect(kGateway, kBackend, 3, 4001);
  receives(2, kGateway, 10, "Q page", 1);
  off(kWorker, {.off = 1, .wake = 11, .on = 12, .syscall = SYS_futex, .waker = kGateway});
  sends(3, kWorker, 13, "Q select", 1);
  receives(3, kWorker, 16, "Z", 1);
  sends(2, kWorker, 20, "Z", 1);
  finish(100);
  const Span& call = span("select", SpanKind::Client);
  const Span& page = span("page", SpanKind::Server);
  EXPECT_EQ(call.parent_span_id, page.span_id);
  EXPECT_EQ(call.link, LinkHow::WakeUp);
  EXPECT_LT(call.link_confidence, 1);
  EXPECT_EQ(page.tid, kWorker);
  EXPECT_EQ(page.waits[Wait::Runnable], 1 * kMs);
  EXPECT_EQ(page.waits[Wait::Running], 9 * kMs);
}

TEST_F(DispatcherTest, LostEventsAreCountedAndMarkTheRequestsAround) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q during", 1);
  lost(11, 12, EVENT_SWITCH, 7);
  sends(2, kBackend, 13, "Z", 1);
  receives(2, kBackend, 20, "Q after", 10);
  sends(2, kBackend, 21, "Z", 2);
  finish(100);
  EXPECT_TRUE(span("during", SpanKind::Server).flags & kLossOverlap);
  EXPECT_FALSE(span("after", SpanKind::Server).flags & kLossOverlap);
  EXPECT_EQ(sink.ledger["ring_full"], 7);
}

TEST_F(DispatcherTest, MissingTcpBytesAreAHole) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q x", 100);
  sends(2, kBackend, 11, "DD", 1);
  sends(2, kBackend, 12, "Z", 1003);  // 1000 bytes in between were not recorded
  finish(100);
  EXPECT_TRUE(span("x", SpanKind::Server).flags & kHole);
  EXPECT_EQ(sink.connections[2].lost_bytes, 1000u);
}

TEST_F(DispatcherTest, WhatTheServerReportsNamesItsRequest) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q s1", 1);
  report(kBackend, 10.5, "SELECT told");
  sends(2, kBackend, 11, "Z", 1);
  finish(100);
  span("SELECT told", SpanKind::Server);
}

TEST_F(DispatcherTest, ARefusedBatchStaysInTheAccount) {
  connect(kClient, kBackend);
  receives(2, kBackend, 10, "Q x", 1);
  sends(2, kBackend, 11, "Z", 1);
  sink.refuses = true;
  EXPECT_FALSE(tick(5000).has_value());
  sink.refuses = false;
  receives(2, kBackend, 6000, "Q y", 4);
  sends(2, kBackend, 6001, "Z", 2);
  finish(9000);
  EXPECT_EQ(sink.received["span"], 2);
  EXPECT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.ledger["refused"], 1);
}

TEST_F(DispatcherTest, RequestsAreCopiedFurtherThanAnswers) {
  connect(kClient, kBackend);
  sends(1, kClient, 10, "Q x", 1);
  receives(2, kBackend, 10, "Q x", 1);
  EXPECT_GT(captures[1].first.head_bytes, captures[1].second.head_bytes);
  EXPECT_LT(captures[2].first.head_bytes, captures[2].second.head_bytes);
}

TEST_F(DispatcherTest, AProcessWhoseEndWasLostIsForgottenAllTheSame) {
  connect(kClient, kBackend);
  sends(1, kClient, 10, "Q x", 1);
  view.vanished = {kClient};
  for (int second = 1; second < 5; ++second) ASSERT_TRUE(tick(second * 1000).has_value());
  finish(6000);
  EXPECT_NE(sink.processes[kClient].exited_ns, 0);
  EXPECT_EQ(sink.processes[kBackend].exited_ns, 0);
}

}  // namespace
}  // namespace culprit::capture::testing
