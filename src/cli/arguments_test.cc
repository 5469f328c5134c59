#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace culprit::cli {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("1.5s").value(), 1'500'000'000);
  EXPECT_EQ(parse_duration("200ms").value(), 200'000'000);
  EXPECT_EQ(parse_duration("2m").value(), 120 * kSecond);
  for (const char* wrong : {"", "5", "s", "-1s", "1 s", "1sx", "nan", "1e30d"})
    EXPECT_FALSE(parse_duration(wrong).has_value()) << wrong;
}

TEST(Time, IsRfc3339OrUnixOrRelative) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z", 0).value(), kSecond);
  EXPECT_EQ(parse_time("1970-01-01T01:00:01.25+01:00", 0).value(), 1'250'000'000);
  EXPECT_EQ(parse_time("1.5", 0).value(), 1'500'000'000);
  EXPECT_EQ(parse_time("-15m", 1000 * kSecond).value(), 100 * kSecond);
  EXPECT_EQ(parse_time("now", 7).value(), 7);
  for (const char* wrong : {"", "yesterday", "1970-01-01", "1970-01-01T00:00:01X", "-5", "1.5x"})
    EXPECT_FALSE(parse_time(wrong, 0).has_value()) << wrong;
}

TEST(Size, CountsInPowersOf1024) {
  EXPECT_EQ(parse_size("64K").value(), 65536u);
  EXPECT_EQ(parse_size("16M").value(), 16u << 20);
  EXPECT_EQ(parse_size("4096").value(), 4096u);
  for (const char* wrong : {"", "0", "K", "-1K", "64KB", "1T"}) EXPECT_FALSE(parse_size(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace culprit::cli
