// why: names what is to blame in a recording or in traces, or says that it cannot tell.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/question/question.h"
#include "base/result.h"
#include "model/database_inspector.h"
#include "model/finding.h"
#include "store/interface/reader.h"

namespace culprit::analysis {

// The same input gives the same answer. `baseline` and `inspector` may be null.
Result<Answer> why(Reader& reader, Reader* baseline, DatabaseInspector* inspector, const Question& question);

// Compares two recordings: what changed, and for each finding about BEFORE whether it is fixed, not fixed, or
// undecided.
Result<Comparison> diff(Reader& before, Reader& after, DatabaseInspector* inspector, const Question& question);

}  // namespace culprit::analysis
