// clock_ns: reads one of the kernel's clocks, in nanoseconds.
#pragma once

#include <time.h>

#include <cstdint>

namespace culprit {

inline int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace culprit
