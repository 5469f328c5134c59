// --fail-on: whether an answer meets a condition that the caller wants to fail on.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "model/finding.h"

namespace culprit::cli {

enum class Baseline { None, Given };
// Usage where a condition can never be met: `regression` compares with a baseline.
Result<void> check_conditions(const Options& options, Baseline baseline);

// 0: no condition met; 1: one met; 4: the data can't tell. `comparison`: with the baseline; null where there is none.
int gate_status(const Options& options, const Answer& answer, const Comparison* comparison);
int gate_status(const Options& options, const Comparison& comparison);

}  // namespace culprit::cli
