#include "analysis/detectors/registry.h"

#include <gtest/gtest.h>

#include <set>

namespace culprit::analysis {
namespace {

TEST(Registry, EachClassHasOneDetector) {
  std::set<FindingClass> seen;
  for (const Detector& detector : detectors())
    EXPECT_TRUE(seen.insert(detector.finding_class).second) << to_string(detector.finding_class);
}

TEST(Registry, DetectorsRunByPrecedence) {
  int last = -1;
  for (const Detector& detector : detectors()) {
    EXPECT_GT(detector.precedence, last) << to_string(detector.finding_class);
    last = detector.precedence;
  }
  EXPECT_EQ(detectors().back().finding_class, FindingClass::Unexplained);
}

TEST(Registry, EachPrecedenceSaysWhy) {
  for (const Precedence& rule : precedences()) EXPECT_NE(std::string(rule.why), "");
}

}  // namespace
}  // namespace culprit::analysis
