// why: names what is to blame in a recording or a set of traces, or says that it cannot tell.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/finding.h"
#include "model/inquiry.h"
#include "store/reader.h"

namespace culprit::analysis {

struct Question {
  std::string source;           // as the user named it, for the answer
  std::string baseline_source;  // empty: none given
  int64_t from_ns = INT64_MIN, to_ns = INT64_MAX;
  std::string service, operation, statement;  // focus; empty: all
};

// Same input, same answer. `baseline` and `inquiry` may be null.
Result<Answer> why(Reader& reader, Reader* baseline, Inquiry* inquiry, const Question& question);

// What changed between two recordings, and for each finding about BEFORE: fixed, not fixed, or can't tell.
Result<Comparison> diff(Reader& before, Reader& after, Inquiry* inquiry, const Question& question);

}  // namespace culprit::analysis
