// Question: the subject of an answer: its source, time window and focus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "model/span.h"

namespace culprit::analysis {

struct Question {
  std::string source;           // the user's name for it, shown in the answer
  std::string baseline_source;  // empty: no baseline was given
  int64_t from_ns = INT64_MIN, to_ns = INT64_MAX;
  std::string service, operation, statement;  // the focus; empty: everything
  // The probability that a comparison with a baseline reports a change although nothing changed.
  double false_alarms = 0.05;
  std::optional<TraceId> trace;         // the focus is this trace only
  const CancelToken* cancel = nullptr;  // ends the answer with an Error of kind Cancelled; may be null
};

}  // namespace culprit::analysis
