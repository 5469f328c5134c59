// Rewrites the error of a failed query: keeps DuckDB's description and replaces its advice with advice that applies to
// culprit.
#pragma once

#include "base/result.h"
#include "store/interface/reader.h"

namespace culprit {

Error in_our_words(Error error, const SqlLimits& limits);

inline Result<SqlTable> in_our_words(Result<SqlTable> answered, const SqlLimits& limits) {
  if (answered.has_value()) return answered;
  return in_our_words(std::move(answered).error(), limits);
}

}  // namespace culprit
