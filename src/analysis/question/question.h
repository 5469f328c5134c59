// Question: what an answer is asked about: the source, the window, the focus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/span.h"

namespace culprit::analysis {

struct Question {
  std::string source;           // as the user named it, for the answer
  std::string baseline_source;  // empty: none given
  int64_t from_ns = INT64_MIN, to_ns = INT64_MAX;
  std::string service, operation, statement;  // focus; empty: all
  // The probability that an answer by comparison with a baseline names any change where nothing changed.
  double false_alarms = 0.05;
  std::optional<TraceId> trace;  // focus: this one alone
};

}  // namespace culprit::analysis
