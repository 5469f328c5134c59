// --fail-on: checks whether an answer meets a condition on which the caller wants to fail.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "model/finding.h"

namespace culprit::cli {

enum class Baseline { None, Given };
// Returns a Usage error for a condition that can never be met: `regression` needs a baseline.
Result<void> check_conditions(const Options& options, Baseline baseline);

// Returns 0: no condition was met; 1: one was met; 4: the data cannot tell. `comparison`: with the baseline; null if
// there is none.
int gate_status(const Options& options, const Answer& answer, const Comparison* comparison);
int gate_status(const Options& options, const Comparison& comparison);

}  // namespace culprit::cli
