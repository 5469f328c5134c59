#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"

namespace culprit {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{Error::Kind::Usage, "odd", "give an even number"};
  return number / 2;
}

Result<int> quarter(int number) { return half(TRY(half(number))); }

Result<void> must_be_even(int number) {
  TRY(half(number));
  return {};
}

TEST(Result, HoldsAValueOrAReason) {
  EXPECT_TRUE(half(4).has_value());
  EXPECT_EQ(half(4).value(), 2);
  ASSERT_FALSE(half(3).has_value());
  EXPECT_EQ(half(3).error().message, "odd");
  EXPECT_EQ(half(3).error().fix, "give an even number");
}

TEST(Result, TryReturnsTheFirstErrorUnchanged) {
  EXPECT_EQ(quarter(8).value(), 2);
  ASSERT_FALSE(quarter(6).has_value());
  EXPECT_EQ(quarter(6).error().kind, Error::Kind::Usage);
  EXPECT_FALSE(must_be_even(1).has_value());
  EXPECT_TRUE(must_be_even(2).has_value());
}

TEST(Result, GivesOutWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

TEST(CheckDeathTest, SaysWhereAndWhyAndAborts) {
  EXPECT_DEATH(CHECK(1 + 1 == 3, "arithmetic holds"), "result_test.cc:.*CHECK\\(1 \\+ 1 == 3\\): arithmetic holds");
}

TEST(Check, LetsTheTruthPass) { CHECK(1 + 1 == 2, "arithmetic holds"); }

}  // namespace
}  // namespace culprit
