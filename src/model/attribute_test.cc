#include "model/attribute.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

TEST(Attributes, GiveTheFirstValueOfAKey) {
  Attributes attributes{{"a", int64_t{1}}, {"a", int64_t{2}}, {"b", std::string("x")}};
  ASSERT_NE(find(attributes, "a"), nullptr);
  EXPECT_EQ(*find(attributes, "a"), Value(int64_t{1}));
  EXPECT_EQ(find(attributes, "c"), nullptr);
}

TEST(Attributes, AreReadByTypeAndNotConverted) {
  Attributes attributes{{"number", int64_t{5}}, {"text", std::string("5")}};
  EXPECT_EQ(find_integer(attributes, "number", -1), 5);
  EXPECT_EQ(find_integer(attributes, "text", -1), -1);
  EXPECT_EQ(find_text(attributes, "text"), "5");
  EXPECT_EQ(find_text(attributes, "number"), "");
}

TEST(Attributes, AreShownAsText) {
  EXPECT_EQ(to_text(Value(true)), "true");
  EXPECT_EQ(to_text(Value(int64_t{-42})), "-42");
  EXPECT_EQ(to_text(Value(1.5)), "1.5");
  EXPECT_EQ(to_text(Value(std::string("x"))), "x");
  EXPECT_EQ(to_text(Value(Bytes{std::string("\x00\xff", 2)})), "00ff");
  EXPECT_EQ(to_text(Value(Nested{"[1]"})), "[1]");
  EXPECT_EQ(to_text(Value()), "");
}

}  // namespace
}  // namespace culprit
