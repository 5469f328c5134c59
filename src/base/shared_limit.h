// SharedLimit: a limit on the number of entries that several tables hold together.
#pragma once

#include <cstddef>

namespace culprit {

struct SharedLimit {
  size_t most = 0;
  size_t held = 0;
  bool full() const { return held >= most; }
};

}  // namespace culprit
