// How much a table of the recorder holds, for whoever watches a recorder that stays on.
#pragma once

#include <cstdint>
#include <string_view>

namespace culprit {

struct TableSize {
  std::string_view name;  // a literal
  uint64_t entries = 0;
  uint64_t limit = 0;  // it never holds more
};

}  // namespace culprit
