// Tests that an answer ends on request, wherever the request arrives.
#include <gtest/gtest.h>

#include "analysis/answer/question_testing.h"
#include "analysis/detectors/registry.h"
#include "analysis/profile/profile_builder.h"

namespace culprit::analysis {
namespace {

void add_orders(Shop& shop) {
  for (int i = 0; i < 200; ++i) {
    auto request = shop.request("GET /orders", "orders-api");
    request.work(700 * kUs);
    Doing scan;
    scan.running = 80 * kMs;
    scan.rows = 3;
    request.statement("SELECT * FROM orders WHERE customer_id = ?", scan);
    request.end();
  }
}

// An inspector that requests a stop when it is asked for lock waits, or for a plan.
class StoppingInspector : public DatabaseInspector {
 public:
  enum class At { LockWaits, Plan };
  StoppingInspector(CancelToken& token, At at) : token_(token), at_(at) {}

  Result<std::vector<LockWait>> lock_waits() override {
    if (at_ == At::LockWaits) token_.request();
    return std::vector<LockWait>();
  }
  Result<Plan> plan(const std::string&, const std::string&) override {
    ++plans_;
    if (at_ == At::Plan) token_.request();
    return Plan();
  }
  std::vector<std::string> said() const override { return {}; }
  int plans() const { return plans_; }

 private:
  CancelToken& token_;
  At at_;
  int plans_ = 0;
};

Question question_with(const CancelToken& token) {
  Question question;
  question.source = "x.culprit";
  question.cancel = &token;
  return question;
}

void expect_cancelled(const Result<Answer>& answer) {
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, Error::Kind::Cancelled);
}

TEST(Cancel, BeforeTheTracesAreRead) {
  Shop shop;
  add_orders(shop);
  CancelToken token;
  StoppingInspector inspector(token, StoppingInspector::At::LockWaits);
  expect_cancelled(why(shop.reader, nullptr, &inspector, question_with(token)));
  EXPECT_EQ(inspector.plans(), 0);
}

TEST(Cancel, WhileCausesAreRanked) {
  Shop shop;
  add_orders(shop);
  CancelToken token;
  StoppingInspector inspector(token, StoppingInspector::At::Plan);
  expect_cancelled(why(shop.reader, nullptr, &inspector, question_with(token)));
  EXPECT_EQ(inspector.plans(), 1);
}

TEST(Cancel, DiffEndsAsWell) {
  Shop before, after;
  add_orders(before);
  add_orders(after);
  CancelToken token;
  StoppingInspector inspector(token, StoppingInspector::At::Plan);
  auto comparison = diff(before.reader, after.reader, &inspector, question_with(token));
  ASSERT_FALSE(comparison.has_value());
  EXPECT_EQ(comparison.error().kind, Error::Kind::Cancelled);
}

TEST(Cancel, NoDetectorStartsAfterTheRequest) {
  Shop shop;
  add_orders(shop);
  Interner names;
  ProfileBuilder builder(names);
  ASSERT_TRUE(builder.read(shop.reader, nullptr, Question()).has_value());
  const CpuUsage cpu = measure_cpu_usage(builder.profile());
  DetectorInput input{builder.profile(), nullptr, cpu};
  EXPECT_FALSE(detect(input).empty());
  CancelToken token;
  token.request();
  input.cancel = &token;
  EXPECT_TRUE(detect(input).empty());
}

TEST(Cancel, ADetectorEndsBetweenTwoStatements) {
  Shop shop;
  add_orders(shop);
  Interner names;
  ProfileBuilder builder(names);
  ASSERT_TRUE(builder.read(shop.reader, nullptr, Question()).has_value());
  const CpuUsage cpu = measure_cpu_usage(builder.profile());
  DetectorInput input{builder.profile(), nullptr, cpu};
  EXPECT_FALSE(find_slow_statements(input).empty());
  CancelToken token;
  token.request();
  input.cancel = &token;
  EXPECT_TRUE(find_slow_statements(input).empty());
}

TEST(Cancel, AnUnusedTokenChangesNothing) {
  Shop shop;
  add_orders(shop);
  CancelToken token;
  Answer with = why(shop.reader, nullptr, nullptr, question_with(token)).value();
  Answer without = ask(shop);
  EXPECT_EQ(with.summary, without.summary);
  EXPECT_EQ(with.findings.size(), without.findings.size());
}

}  // namespace
}  // namespace culprit::analysis
