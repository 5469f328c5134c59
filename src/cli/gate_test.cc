#include "cli/gate.h"

#include <gtest/gtest.h>

namespace culprit::cli {
namespace {

Options failing_on(std::vector<std::string> conditions) {
  Options options;
  options.fail_on = std::move(conditions);
  return options;
}

Answer answer(Verdict verdict, std::vector<FindingClass> classes) {
  Answer answer;
  answer.verdict = verdict;
  for (FindingClass found : classes) answer.findings.emplace_back().cause = found;
  return answer;
}

Comparison comparison(Verdict verdict, const char* operation, std::vector<FindingClass> appeared) {
  Comparison comparison;
  comparison.verdict = verdict;
  comparison.operations.emplace_back().verdict = operation;
  for (FindingClass found : appeared) comparison.appeared.emplace_back().cause = found;
  return comparison;
}

TEST(Gate, FailsOnTheClassThatIsFound) {
  Answer slow = answer(Verdict::Qualified, {FindingClass::SlowStatement, FindingClass::Unexplained});
  EXPECT_EQ(gate_status(failing_on({}), slow, nullptr), 0);
  EXPECT_EQ(gate_status(failing_on({"slow_statement"}), slow, nullptr), 1);
  EXPECT_EQ(gate_status(failing_on({"lock_wait"}), slow, nullptr), 0);
  EXPECT_EQ(gate_status(failing_on({"lock_wait", "unexplained"}), slow, nullptr), 1);
  EXPECT_EQ(gate_status(failing_on({"any"}), slow, nullptr), 1);
  EXPECT_EQ(gate_status(failing_on({"any"}), answer(Verdict::Complete, {FindingClass::Unexplained}), nullptr), 1);
  EXPECT_EQ(gate_status(failing_on({"any"}), answer(Verdict::Complete, {}), nullptr), 0);
}

TEST(Gate, TellsThatTheDataCannotTell) {
  for (Verdict verdict : {Verdict::Undecided, Verdict::NoData}) {
    EXPECT_EQ(gate_status(failing_on({"any"}), answer(verdict, {FindingClass::LockWait}), nullptr), 4);
    EXPECT_EQ(gate_status(failing_on({}), answer(verdict, {}), nullptr), 0);
    EXPECT_EQ(gate_status(failing_on({"regression"}), comparison(verdict, "slower", {})), 4);
  }
}

TEST(Gate, ARegressionIsSlowerOrNew) {
  Options regression = failing_on({"regression"});
  EXPECT_EQ(gate_status(regression, comparison(Verdict::Qualified, "slower", {})), 1);
  EXPECT_EQ(gate_status(regression, comparison(Verdict::Qualified, "same", {FindingClass::Leak})), 1);
  EXPECT_EQ(gate_status(regression, comparison(Verdict::Qualified, "faster", {})), 0);
  EXPECT_EQ(gate_status(failing_on({"leak"}), comparison(Verdict::Qualified, "slower", {})), 0);
  Comparison slower = comparison(Verdict::Complete, "slower", {});
  Answer fine = answer(Verdict::Complete, {});
  EXPECT_EQ(gate_status(regression, fine, &slower), 1);
  EXPECT_EQ(gate_status(regression, fine, nullptr), 0);
}

TEST(Gate, ARegressionNeedsABaseline) {
  EXPECT_TRUE(check_conditions(failing_on({"regression"}), Baseline::Given).has_value());
  EXPECT_TRUE(check_conditions(failing_on({"any"}), Baseline::None).has_value());
  auto refused = check_conditions(failing_on({"any", "regression"}), Baseline::None);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::Usage);
}

}  // namespace
}  // namespace culprit::cli
