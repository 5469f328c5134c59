#include "analysis/detectors/lock_chain.h"

#include <gtest/gtest.h>

namespace culprit::analysis {
namespace {

using Chain = std::vector<int32_t>;

TEST(LockChain, AHolderThatWaitsForNothingIsTheEnd) { EXPECT_EQ(chain_of({}, {{9, 100}}).pids, Chain{9}); }

TEST(LockChain, AHolderThatWaitsItselfHandsItOn) {
  // Four tills wait for the transfer, which waits for the night job: 900 each.
  LockWaits waits{{5, {{9, 900}}}};
  for (int32_t till = 1; till <= 4; ++till) waits[till] = {{5, 850}};
  EXPECT_EQ(chain_of(waits, {{5, 4 * 850}}).pids, (Chain{5, 9}));
}

TEST(LockChain, AQueueForOneRowEndsAtItsHolder) {
  // In each period one of three desks waits for the holder, and the two others wait for a desk before them.
  LockWaits waits;
  for (int32_t desk = 1; desk <= 3; ++desk) {
    waits[desk][9] = 300;
    for (int32_t other = 1; other <= 3; ++other)
      if (other != desk) waits[desk][other] = 300;
  }
  EXPECT_EQ(chain_of(waits, {{1, 600}, {2, 600}, {3, 600}, {9, 900}}).pids.back(), 9);
}

TEST(LockChain, FiveLinks) {
  LockWaits waits;
  for (int32_t pid = 1; pid <= 5; ++pid) waits[pid] = {{pid + 1, 1000}};
  EXPECT_EQ(chain_of(waits, {{2, 1000}}).pids, (Chain{2, 3, 4, 5, 6}));
}

TEST(LockChain, AHolderThatWaitedBrieflyIsStillTheEnd) {
  LockWaits waits{{1, {{5, 900}}}, {5, {{9, 50}}}};
  EXPECT_EQ(chain_of(waits, {{5, 900}}).pids, Chain{5});
}

TEST(LockChain, ACircleHasNoEnd) {
  LockWaits waits{{1, {{2, 500}}}, {2, {{3, 500}}}, {3, {{1, 500}}}};
  EXPECT_EQ(chain_of(waits, {{1, 500}, {2, 500}, {3, 600}}).pids, Chain{3});
}

TEST(LockChain, AnEndThatIsNotKnownIsNotGuessed) {
  EXPECT_TRUE(chain_of({{1, {{0, 900}}}}, {{0, 900}}).pids.empty());
  EXPECT_TRUE(chain_of({{5, {{0, 900}}}, {1, {{5, 900}}}}, {{5, 900}}).pids.empty());
  EXPECT_TRUE(chain_of({}, {}).pids.empty());
}

}  // namespace
}  // namespace culprit::analysis
