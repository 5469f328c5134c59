// Parents of calls and kinds of waits in runtimes between request and thread: event loops, tasks that move between
// threads, interpreters with a global lock, and unknown protocols.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "capture/recorder/dispatcher_testing.h"

namespace culprit::capture::testing {
namespace {

constexpr int32_t kLoop = 20, kSecond = 21, kBackend = 30, kPhp = 40;

class RuntimesTest : public ::testing::Test, protected Machine {
 protected:
  RuntimesTest() {
    view.programs = {{10, "client"}, {kLoop, "loop"}, {kBackend, "postgres"}, {kPhp, "php-fpm"}};
    process_of[kSecond] = kLoop;
    // The connections of two clients, 2 and 4, and two connections to the database, 5 and 7.
    tcp(2, kLoop, 8080, 4000);
    tcp(4, kLoop, 8080, 4001);
    tcp(5, kLoop, 4002, 5432);
    tcp(7, kLoop, 4003, 5432);
  }
  const Span& span(std::string_view name, SpanKind kind) {
    const Span* found = sink.span(name, kind);
    EXPECT_NE(found, nullptr) << name;
    static const Span kNone;
    return found ? *found : kNone;
  }
  void expect_parent(std::string_view call, std::string_view request) {
    EXPECT_EQ(span(call, SpanKind::Client).parent_span_id, span(request, SpanKind::Server).span_id) << call;
  }
};

TEST_F(RuntimesTest, ALoopThatReadsTwoRequestsBeforeItSendsForEitherSendsInTheirOrder) {
  receives(2, kLoop, 10, "Q first", 1);
  receives(4, kLoop, 11, "Q second", 1);
  sends(5, kLoop, 12, "Q for first", 1);
  sends(7, kLoop, 13, "Q for second", 1);
  receives(7, kLoop, 14, "Z", 1);
  receives(5, kLoop, 15, "Z", 1);
  sends(4, kLoop, 16, "Z", 1);
  sends(2, kLoop, 17, "Z", 1);
  finish(100);
  expect_parent("for first", "first");
  expect_parent("for second", "second");
}

TEST_F(RuntimesTest, WhoWaitsForAnAnswerSendsNothingWhileAnotherIsFree) {
  receives(2, kLoop, 10, "Q first", 1);
  sends(5, kLoop, 11, "Q for first", 1);
  receives(4, kSecond, 12, "Q second", 1);
  sends(7, kLoop, 13, "Q for second", 1);  // its task continues on the first task's thread
  finish(100);
  expect_parent("for first", "first");
  expect_parent("for second", "second");
}

TEST_F(RuntimesTest, CallsSideBySideAreOnesOwn) {
  receives(2, kLoop, 10, "Q page", 1);
  sends(5, kLoop, 11, "Q left", 1);
  sends(7, kLoop, 12, "Q right", 1);
  finish(100);
  expect_parent("left", "page");
  expect_parent("right", "page");
}

TEST_F(RuntimesTest, TimedWaitsThatASiblingEndsInTheEndAreForItsLock) {
  receives(2, kLoop, 10, "Q page", 1);
  for (double at : {11, 16, 21}) off(kLoop, {.off = at, .wake = at + 4.9, .on = at + 4.9, .syscall = SYS_futex});
  off(kLoop, {.off = 26, .wake = 30, .on = 30, .syscall = SYS_futex, .waker = kLoop, .waker_tid = kSecond});
  sends(2, kLoop, 31, "Z", 1);
  finish(100);
  const Span& page = span("page", SpanKind::Server);
  EXPECT_EQ(page.waits[Wait::Sleep], 0);
  EXPECT_EQ(page.waits[Wait::Lock], (3 * 49 + 40) * kMs / 10);
  ASSERT_FALSE(page.blockers.empty());
  EXPECT_EQ(page.blockers[0].tid, kSecond);
}

TEST_F(RuntimesTest, ATimedWaitThatNobodyEndsIsAPause) {
  receives(2, kLoop, 10, "Q page", 1);
  off(kLoop, {.off = 11, .wake = 61, .on = 61, .syscall = SYS_futex});
  sends(2, kLoop, 62, "Z", 1);
  finish(100);
  EXPECT_EQ(span("page", SpanKind::Server).waits[Wait::Sleep], 50 * kMs);
}

TEST_F(RuntimesTest, WhoIsWokenByTheThreadThatFetchedItsAnswerWaitedForNoLock) {
  receives(2, kLoop, 10, "Q page", 1);
  off(kSecond, {.off = 1, .wake = 11, .on = 11, .syscall = SYS_futex, .waker = kLoop});
  sends(5, kSecond, 12, "Q part", 1);
  receives(5, kSecond, 20, "Z", 1);
  off(kLoop, {.off = 13, .wake = 21, .on = 21, .syscall = SYS_futex, .waker = kLoop, .waker_tid = kSecond});
  sends(2, kLoop, 22, "Z", 1);
  finish(100);
  EXPECT_EQ(span("page", SpanKind::Server).waits[Wait::Lock], 0);
}

TEST_F(RuntimesTest, RoomInAPipeIsNoLockThoughASiblingToldOfIt) {
  receives(2, kLoop, 10, "Q page", 1);
  off(kLoop, {.off = 11, .wake = 61, .on = 61, .syscall = SYS_write, .waker = kLoop, .waker_tid = kSecond});
  sends(2, kLoop, 62, "Z", 1);
  finish(100);
  EXPECT_EQ(span("page", SpanKind::Server).waits[Wait::Lock], 0);
  EXPECT_EQ(span("page", SpanKind::Server).waits[Wait::Peer], 50 * kMs);
}

// A connection for each request, in an unknown protocol: calls made for it still belong to the request.
TEST_F(RuntimesTest, AShortConversationInAnUnknownProtocolTiesCallsToItsRequest) {
  const std::string records(70, '\1');
  unix_socket(11, 12, kLoop);
  unix_socket(12, 11, kPhp);
  tcp(13, kPhp, 4010, 5432);
  receives(2, kLoop, 10, "Q page", 1);
  sends(11, kLoop, 11, records);
  receives(12, kPhp, 12, records.substr(0, 8));
  receives(12, kPhp, 12.1, records.substr(8));
  sends(13, kPhp, 13, "Q select", 1);
  receives(13, kPhp, 15, "Z", 1);
  sends(12, kPhp, 16, records);
  receives(11, kLoop, 17, records);
  receives(12, kPhp, 17.1, records.substr(0, 8));  // the last part of the request
  closes(12, kPhp, 17.2);
  sends(2, kLoop, 18, "Z", 1);
  finish(2000);
  const Span& call = span("select", SpanKind::Client);
  const Span& page = span("page", SpanKind::Server);
  EXPECT_EQ(call.trace_id, page.trace_id);
  EXPECT_NE(call.parent_span_id, 0u);
  EXPECT_EQ(sink.ledger["unpaired_edge"], 1);
}

TEST_F(RuntimesTest, AnAnswerInWhoseMiddleTheRecordingBeganHidesNoLaterRequest) {
  sends(2, kLoop, 5, std::string(100, 'x'), 1);  // the last part of a page
  receives(2, kLoop, 10, "Q next", 1);
  sends(2, kLoop, 12, "Z", 101);
  finish(100);
  EXPECT_EQ(span("next", SpanKind::Server).duration_ns, 2 * kMs);
}

}  // namespace
}  // namespace culprit::capture::testing
