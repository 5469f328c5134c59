// What is told of a query that failed: the engine's finding, with advice that holds here instead of the engine's own.
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
