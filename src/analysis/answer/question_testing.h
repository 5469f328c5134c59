// Test support: asks `why` about a synthetic workload.
#pragma once

#include "analysis/answer/synthetic_workload_testing.h"
#include "analysis/answer/why.h"
#include "base/check.h"

namespace culprit::analysis {

inline Answer ask(Shop& shop) {
  Question question;
  question.source = "x.culprit";
  Result<Answer> answer = why(shop.reader, nullptr, nullptr, question);
  CHECK(answer.has_value(), "a fake does not fail");
  return answer.value();
}

}  // namespace culprit::analysis
