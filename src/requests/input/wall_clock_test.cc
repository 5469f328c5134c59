#include "requests/input/wall_clock.h"

#include <gtest/gtest.h>

namespace culprit::requests {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(WallClock, AStepDisplacesNoLaterRow) {
  WallClock clock(10 * kSecond, 1000 * kSecond);
  EXPECT_FALSE(clock.read(11 * kSecond, 1001 * kSecond));
  EXPECT_TRUE(clock.read(12 * kSecond, 902 * kSecond));  // set back by 100 s
  EXPECT_EQ(clock.wall(11 * kSecond), 1001 * kSecond);
  EXPECT_EQ(clock.wall(12 * kSecond), 902 * kSecond);
  EXPECT_EQ(clock.wall(20 * kSecond), 910 * kSecond);
  EXPECT_FALSE(clock.read(21 * kSecond, 911 * kSecond));
}

TEST(WallClock, ASuspendIsAStep) {
  WallClock clock(10 * kSecond, 1000 * kSecond);
  EXPECT_TRUE(clock.read(11 * kSecond, 4601 * kSecond));  // one hour of suspend: the monotonic clock stood still
  EXPECT_EQ(clock.wall(11 * kSecond + 5), 4601 * kSecond + 5);
  EXPECT_EQ(clock.wall(10 * kSecond + 5), 1000 * kSecond + 5);
}

TEST(WallClock, WhatSlewsGatherIsFollowedAndIsNoStep) {
  WallClock clock(0, 0);
  int64_t slew_ns = 0;
  for (int64_t second = 1; second <= 1000; ++second)
    EXPECT_FALSE(clock.read(second * kSecond, second * kSecond + (slew_ns += 400'000)));
  EXPECT_NEAR(static_cast<double>(clock.wall(1000 * kSecond)), 1000e9 + 0.4e9, 11e6);
}

TEST(WallClock, ManyStepsAreForgottenOldestFirst) {
  WallClock clock(0, 0);
  for (int64_t i = 1; i <= 1000; ++i) EXPECT_TRUE(clock.read(i * kSecond, i * kSecond + (i % 2 ? kSecond : -kSecond)));
  EXPECT_EQ(clock.wall(1000 * kSecond), 999 * kSecond);
  EXPECT_EQ(clock.wall(999 * kSecond), 1000 * kSecond);
}

}  // namespace
}  // namespace culprit::requests
