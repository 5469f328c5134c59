// What the database's plan of a statement says for or against its cause, and what to do about it.
#pragma once

#include "analysis/detectors/cause.h"
#include "model/database_inspector.h"

namespace culprit::analysis {

// `plan` is known. Adds evidence; may set quality, mechanism and advice.
void judge_plan(Cause& cause, const Plan& plan);

}  // namespace culprit::analysis
