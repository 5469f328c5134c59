#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace culprit {
namespace {

// Existing recordings and answers contain these values, so a change of the hash makes them invalid.
TEST(Hash, NeverChangesItsValues) {
  EXPECT_EQ(hash64(""), 0xfdbdf6ac4fc52e7full);
  EXPECT_EQ(hash64("SELECT ?"), 0x6889dfbb1b15936dull);
  EXPECT_EQ(hash64(uint64_t{1}), 0xb0a7565cd27ed900ull);
}

TEST(Hash, SpreadsNeighboursOverAllBits) {
  std::set<uint64_t> high_bits;
  for (int i = 0; i < 4096; ++i) high_bits.insert(hash64(std::to_string(i)) >> 40);
  EXPECT_GT(high_bits.size(), 4090u);  // 4096 into 2^24: 0.5 collisions expected
  int flipped = 0;
  for (int i = 0; i < 256; ++i) flipped += std::popcount(hash64(std::to_string(i)) ^ hash64(std::to_string(i + 1)));
  EXPECT_NEAR(flipped / 256.0, 32, 3);
}

TEST(Hash, DependsOnTheSeed) {
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
  EXPECT_NE(hash64(uint64_t{7}, 1), hash64(uint64_t{7}, 2));
}

TEST(Hash, TellsBytesAboveAsciiApart) { EXPECT_NE(hash64("\x80"), hash64("\xff")); }

}  // namespace
}  // namespace culprit
