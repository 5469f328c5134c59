// Tests requests that ran when the recording began, and what is left out of the recording.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "capture/recorder/dispatcher_testing.h"
#include "capture/server/postgresql_process_title.h"
#include "model/database_inspector.h"

namespace culprit::capture::testing {
namespace {

constexpr int32_t kClient = 10, kGateway = 20, kBackend = 30, kOther = 31;

class BegunBeforeTest : public ::testing::Test, protected Machine {
 protected:
  BegunBeforeTest() {
    view.programs = {{kClient, "client"}, {kGateway, "gateway"}, {kBackend, "postgres"}, {kOther, "postgres"}};
  }
  const Span& span(std::string_view name, SpanKind kind) {
    const Span* found = sink.span(name, kind);
    EXPECT_NE(found, nullptr) << name;
    static const Span kNone;
    return found ? *found : kNone;
  }
  static OpenWait asleep(int32_t pid, double since_ms) {
    OpenWait wait;
    wait.pid = wait.tid = pid;
    wait.off_ns = static_cast<uint64_t>(at(since_ms));
    wait.state = 1;
    wait.syscall = SYS_epoll_wait;
    return wait;
  }
};

TEST_F(BegunBeforeTest, WhatTheRecorderItselfAsksIsLeftOut) {
  tcp(1, kRecorder, 4000, 5432);
  tcp(2, kBackend, 5432, 4000);
  receives(2, kBackend, 10, "Q SELECT pg_locks", 1);
  sends(2, kBackend, 11, "Z", 1);
  unix_socket(3, 4, kRecorder, 20);
  unix_socket(4, 3, kOther, 20);
  receives(4, kOther, 21, "Q SELECT pg_stat_activity");
  sends(4, kOther, 22, "Z");
  finish(100);
  EXPECT_TRUE(sink.spans.empty());
  EXPECT_EQ(captures[2], (std::pair<CapturePolicy, CapturePolicy>{}));
}

TEST_F(BegunBeforeTest, AStatementThatWaitsFromBeforeTheBeginningBeyondTheEndIsSeen) {
  view.titles[kBackend] = "postgres: 15/main: app shop 127.0.0.1(4000) UPDATE waiting";
  view.titles[kOther] = "postgres: 15/main: app shop 127.0.0.1(4001) idle in transaction";
  view.near_ends[4000] = {"127.0.0.1", 5432};
  finish(1000, {asleep(kBackend, 0), asleep(kOther, 0)});
  ASSERT_EQ(sink.spans.size(), 1u);
  const Span& waiter = span("UPDATE", SpanKind::Server);
  EXPECT_EQ(find_text(waiter.attributes, "server.address"), "127.0.0.1");
  EXPECT_EQ(find_integer(waiter.attributes, "server.port", 0), 5432);
  EXPECT_EQ(waiter.pid, kBackend);
  EXPECT_EQ(waiter.service, "postgresql");
  EXPECT_EQ(waiter.flags, uint32_t{kBegunBefore | kUnfinished | kTextUnknown});
  EXPECT_EQ(waiter.duration_ns, 1000 * kMs);
  EXPECT_EQ(waiter.waits[Wait::Lock], 1000 * kMs);
  EXPECT_EQ(sink.ledger["never_ended"], 1);
  EXPECT_EQ(sink.ledger["holder_asleep"], 1);
}

TEST_F(BegunBeforeTest, AStatementThatRunsAllTheTimeIsSeenAndWaitsForNoLock) {
  view.titles[kBackend] = "postgres: app shop [local] SELECT";
  off(kBackend, {.off = 400, .wake = 0, .on = 500, .state = 0});
  finish(1000);
  const Span& runner = span("SELECT", SpanKind::Server);
  EXPECT_EQ(runner.waits[Wait::Running], 900 * kMs);
  EXPECT_EQ(runner.waits[Wait::Runnable], 100 * kMs);
}

TEST_F(BegunBeforeTest, ASilentStatementOfAUnixSocketIsItsSiblingsServers) {
  view.titles[kBackend] = "postgres: app shop [local] SELECT";
  unix_socket(3, 4, kGateway);
  unix_socket(4, 3, kOther);
  sends(3, kGateway, 21, "Q one");
  receives(4, kOther, 21, "Q one");
  sends(4, kOther, 22, "Z");
  off(kBackend, {.off = 400, .wake = 0, .on = 500, .state = 0});
  finish(1000);
  EXPECT_EQ(find_text(span("SELECT", SpanKind::Server).attributes, "server.address"), "/run/db");
}

TEST_F(BegunBeforeTest, TheDatabasesOwnWordNamesAStatementOfWhichNoByteWasSeen) {
  view.titles[kBackend] = "postgres: app shop [local] UPDATE waiting";
  LockWait wait;
  wait.time_ns = at(500);
  wait.waiter_pid = kBackend;
  wait.waiter_statement = "UPDATE stock SET quantity = ? WHERE id = ?";
  logs(to_log(wait));
  finish(1000, {asleep(kBackend, 0)});
  const Span& waiter = span("UPDATE stock", SpanKind::Server);
  EXPECT_EQ(find_text(waiter.attributes, "db.query.text"), "UPDATE stock SET quantity = ? WHERE id = ?");
  EXPECT_FALSE(waiter.flags & kTextUnknown);
}

TEST_F(BegunBeforeTest, AWaitThatBeganBeforeIsForTheLockOfWhoEndsIt) {
  tcp(2, kBackend, 5432, 4000);
  // The backend sleeps since before the recording; its deadlock timer ends; it waits again; the holder commits.
  off(kBackend, {.off = 0, .wake = 300, .on = 300, .syscall = SYS_epoll_wait});
  off(kBackend, {.off = 301, .wake = 900, .on = 901, .syscall = SYS_epoll_wait, .waker = kOther});
  sends(2, kBackend, 902, "Z", 1);
  receives(2, kBackend, 950, "Q next", 1);
  finish(2000);
  const Span& waiter = span("unknown", SpanKind::Server);
  EXPECT_EQ(waiter.duration_ns, 902 * kMs);
  EXPECT_EQ(waiter.waits[Wait::Lock], 899 * kMs);
  ASSERT_FALSE(waiter.blockers.empty());
  EXPECT_EQ(waiter.blockers[0].pid, kOther);
  EXPECT_EQ(waiter.blockers[0].duration_ns, 900 * kMs);
}

TEST_F(BegunBeforeTest, ACallUnderWayHangsUnderTheRequestThatIsAnsweredRightAfter) {
  tcp(1, kGateway, 8080, 4000);
  tcp(2, kGateway, 4001, 5432);
  off(kGateway, {.off = 0, .wake = 50, .on = 50, .syscall = SYS_epoll_wait});
  receives(2, kGateway, 50, "Z", 1);
  sends(1, kGateway, 51, "Z", 1);
  sends(2, kGateway, 60, "Q next call", 1);
  receives(1, kGateway, 61, "Q next", 1);
  finish(1000);
  const Span& request = span("unknown", SpanKind::Server);
  const Span& call = span("unknown", SpanKind::Client);
  EXPECT_EQ(call.parent_span_id, request.span_id);
  EXPECT_EQ(call.trace_id, request.trace_id);
  EXPECT_EQ(request.waits[Wait::Peer], 50 * kMs);
}

TEST(BackendTitle, TellsCommandsOfClientsOnly) {
  auto command = [](std::string_view title) { return read_backend_title(title).command; };
  EXPECT_EQ(command("postgres: app shop 10.0.0.7(40312) CREATE INDEX"), "CREATE INDEX");
  EXPECT_EQ(command("postgres: main: app user shop ::1(40312) SELECT waiting"), "SELECT");
  EXPECT_EQ(command("postgres: app shop [local] idle"), "");
  EXPECT_EQ(command("postgres: app shop [local] idle in transaction"), "");
  EXPECT_EQ(command("postgres: 15/main: checkpointer "), "");
  EXPECT_EQ(command("postgres: walsender repl 10.0.0.9(55555) streaming 0/16B3748"), "");
  EXPECT_EQ(command("postgres: parallel worker for PID 4711 "), "");
  EXPECT_EQ(command("/usr/lib/postgresql/15/bin/postgres -D /var/lib"), "");
  EXPECT_EQ(command("postgres: app shop [local"), "");
  EXPECT_EQ(command("postgres: (1) (x) 1(0) SELECT"), "");
  EXPECT_TRUE(read_backend_title("postgres: a b [local] UPDATE waiting").waiting);
  EXPECT_EQ(read_backend_title("postgres: a b 10.0.0.7(40312) UPDATE").peer.port, 40312);
  EXPECT_EQ(read_backend_title("postgres: a b ::1(40312) UPDATE").peer.address, "::1");
}

}  // namespace
}  // namespace culprit::capture::testing
