#include "protocol/shared/recent_map.h"

#include <gtest/gtest.h>

#include <string>

namespace culprit {
namespace {

TEST(RecentMap, TheIdleGoAndANewOneIsNeverRefused) {
  RecentMap<int, 10> map;
  for (int i = 0; i < 1000; ++i) {
    map.set("n" + std::to_string(i), i);
    ASSERT_NE(map.find("n" + std::to_string(i)), nullptr);
    map.set("kept", i);
    EXPECT_LE(map.size(), 20u);
  }
  ASSERT_NE(map.find("kept"), nullptr);
  EXPECT_EQ(*map.find("kept"), 999);
  EXPECT_EQ(map.find("n1"), nullptr);
  map.erase("kept");
  EXPECT_EQ(map.find("kept"), nullptr);
  map.clear();
  EXPECT_TRUE(map.empty());
}

}  // namespace
}  // namespace culprit
