#include "analysis/profile/interner.h"

#include <gtest/gtest.h>

namespace culprit::analysis {
namespace {

TEST(Interner, SumsUpStatementsWhoseTextsDontRepeat) {
  Interner names;
  TextId system = names.intern("postgresql");
  auto once = [&](int i) {
    return "SELECT c" + std::string(static_cast<size_t>(i) + 1, 'x') + " FROM orders o JOIN items i ON true";
  };
  for (int i = 0; i < 20; ++i) names.intern_statement_text(once(i), system);
  for (int i = 0; i < 40; ++i)
    names.intern_statement_text("SELECT a FROM users WHERE id = " + std::to_string(i), system);
  EXPECT_NE(names.intern_statement_text(once(0), system), names.intern_statement_text(once(1), system));
  EXPECT_TRUE(names.sum_up_unrepeated());
  EXPECT_EQ(names.text(names.intern_statement_text(once(0), system)), "SELECT … FROM orders, items");
  EXPECT_EQ(names.intern_statement_text(once(0), system), names.intern_statement_text(once(19), system));
  EXPECT_EQ(names.text(names.intern_statement_text("SELECT a FROM users WHERE id = 7", system)),
            "SELECT a FROM users WHERE id = ?");
  EXPECT_FALSE(names.sum_up_unrepeated());
}

}  // namespace
}  // namespace culprit::analysis
