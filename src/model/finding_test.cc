#include "model/finding.h"

#include <gtest/gtest.h>

#include <set>

namespace culprit {
namespace {

TEST(Finding, ClassesHaveDistinctNamesAndSentences) {
  std::set<std::string_view> names;
  for (const FindingClassInfo& info : finding_classes()) {
    EXPECT_FALSE(info.sentence.empty()) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
  }
  EXPECT_EQ(to_string(FindingClass::SlowStatement), "slow_statement");
  EXPECT_EQ(to_string(FindingClass::Unexplained), "unexplained");
}

TEST(Finding, ClassesAreParsedByTheirNamesOnly) {
  for (size_t i = 0; i < finding_classes().size(); ++i)
    EXPECT_EQ(parse_finding_class(finding_classes()[i].name), static_cast<FindingClass>(i));
  EXPECT_FALSE(parse_finding_class("slow_statment"));
  EXPECT_FALSE(parse_finding_class(""));
}

TEST(Finding, AMechanismMayBeAbsent) {
  EXPECT_EQ(to_string(Mechanism::None), "");
  EXPECT_EQ(to_string(Mechanism::TableDdl), "table_ddl");
}

}  // namespace
}  // namespace culprit
