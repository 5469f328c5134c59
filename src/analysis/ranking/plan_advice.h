// The evidence of a database's plan for or against a cause, and the advice that follows from it.
#pragma once

#include "analysis/detectors/cause.h"
#include "model/database_inspector.h"

namespace culprit::analysis {

// `plan` must be known. Adds evidence; may set quality, mechanism and advice.
void judge_plan(Cause& cause, const Plan& plan);

}  // namespace culprit::analysis
