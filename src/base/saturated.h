// Sums of numbers that others chose.
#pragma once

#include <cstdint>

namespace culprit {

// a + b, or the nearest number there is.
constexpr int64_t saturated_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}

}  // namespace culprit
