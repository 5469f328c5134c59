// TableSize: the number of entries in a table of the recorder, and its limit, to watch a recorder that runs for a long
// time.
#pragma once

#include <cstdint>
#include <string_view>

namespace culprit {

struct TableSize {
  std::string_view name;  // a literal
  uint64_t entries = 0;
  uint64_t limit = 0;  // the maximal number of entries
};

}  // namespace culprit
