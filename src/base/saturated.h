// Sums of numbers from foreign input, which may overflow.
#pragma once

#include <cstdint>

namespace culprit {

// Returns a + b, or the nearest representable number if the sum overflows.
constexpr int64_t saturated_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}

}  // namespace culprit
