#include "capture/wire/block_request.h"

#include <gtest/gtest.h>

namespace culprit::capture {
namespace {

pending_request inserted(__u64 at) { return {.insert_ns = at, .issue_ns = 0, .pid = 7, .tid = 8}; }

TEST(BlockRequest, KeepsWhoQueuedIt) {
  pending_request request = inserted(10);
  EXPECT_TRUE(issue_waiting(&request, 20));
  EXPECT_EQ(request.insert_ns, 10u);
  EXPECT_EQ(request.issue_ns, 20u);
  EXPECT_EQ(request.pid, 7u);
}

TEST(BlockRequest, ThatIsRequeuedWaitsSinceItWasQueuedAndIsIssuedAgain) {
  pending_request request = inserted(10);
  EXPECT_TRUE(issue_waiting(&request, 20));
  requeue(&request);
  EXPECT_EQ(request.issue_ns, 0u);
  EXPECT_TRUE(issue_waiting(&request, 40));
  requeue(&request);
  EXPECT_TRUE(issue_waiting(&request, 70));
  EXPECT_EQ(request.insert_ns, 10u);
  EXPECT_EQ(request.issue_ns, 70u);
  EXPECT_EQ(request.tid, 8u);
}

// Without an I/O scheduler, the issue is the first event of a request.
TEST(BlockRequest, ThatWasNeverQueuedWaitsSinceItsFirstIssue) {
  pending_request request{.insert_ns = 0, .issue_ns = 20, .pid = 7, .tid = 8};
  requeue(&request);
  EXPECT_TRUE(issue_waiting(&request, 50));
  EXPECT_EQ(request.insert_ns, 20u);
  EXPECT_EQ(request.issue_ns, 50u);
}

// The completion of the old request was not recorded, and its address now belongs to another request.
TEST(BlockRequest, ThatIsWithTheDeviceIsNotTheOneThatIsIssuedNow) {
  pending_request request{.insert_ns = 10, .issue_ns = 20, .pid = 7, .tid = 8};
  EXPECT_FALSE(issue_waiting(&request, 50));
  EXPECT_EQ(request.issue_ns, 20u);
  EXPECT_FALSE(issue_waiting(nullptr, 50));
  requeue(nullptr);
}

}  // namespace
}  // namespace culprit::capture
