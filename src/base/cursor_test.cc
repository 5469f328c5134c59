#include "base/cursor.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

using std::string_view_literals::operator""sv;

TEST(Cursor, ReadsBigEndianNumbers) {
  Cursor cursor("\x01\x02\x03\x04\x05\x06\xff"sv);
  EXPECT_EQ(cursor.u8(), 1);
  EXPECT_EQ(cursor.u16_be(), 0x0203);
  EXPECT_EQ(cursor.u32_be(), 0x040506ffu);
  EXPECT_FALSE(cursor.failed());
  EXPECT_TRUE(cursor.rest().empty());
}

TEST(Cursor, ReadsAsZeroAndFailsPastTheEnd) {
  Cursor cursor("\x01\x02\x03"sv);
  EXPECT_EQ(cursor.u32_be(), 0u);
  EXPECT_TRUE(cursor.failed());
}

TEST(Cursor, StaysFailedThoughALaterReadWouldFit) {
  Cursor cursor("abc");
  EXPECT_EQ(cursor.take(4), "");
  EXPECT_EQ(cursor.take(1), "");
  EXPECT_EQ(cursor.take(0), "");
  EXPECT_TRUE(cursor.failed());
}

TEST(Cursor, TakesTextUpToTheNul) {
  Cursor cursor("SELECT\0x"sv);
  EXPECT_EQ(cursor.c_string(), "SELECT");
  EXPECT_EQ(cursor.rest(), "x");
}

TEST(Cursor, FailsOnTextWithoutANul) {
  Cursor cursor("SELECT");
  EXPECT_EQ(cursor.c_string(), "");
  EXPECT_TRUE(cursor.failed());
}

TEST(Cursor, TakesNothingOfALengthThatWouldOverflow) {
  Cursor cursor("abc");
  EXPECT_EQ(cursor.take(~size_t{0}), "");
  EXPECT_TRUE(cursor.failed());
}

}  // namespace
}  // namespace culprit
