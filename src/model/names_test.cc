// Tests that every value of a printed enum has a name.
#include <gtest/gtest.h>

#include "model/finding.h"
#include "model/section.h"

namespace culprit {
namespace {

TEST(Names, OfVerdictsAndConfidencesAreThoseOfTheAnswerFormat) {
  EXPECT_EQ(to_string(Verdict::Complete), "complete");
  EXPECT_EQ(to_string(Verdict::NoData), "no_data");
  EXPECT_EQ(to_string(Confidence::High), "high");
  EXPECT_EQ(to_string(Confidence::Low), "low");
}

TEST(Names, OfSectionsAreThoseOfTheAnswerFormat) {
  EXPECT_EQ(to_string(SectionKind::Own), "own");
  EXPECT_EQ(to_string(SectionKind::Peer), "peer");
  EXPECT_EQ(to_string(SectionKind::Unexplained), "unexplained");
}

}  // namespace
}  // namespace culprit
