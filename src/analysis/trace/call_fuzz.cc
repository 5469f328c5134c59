// Statements and operations as programs send them: for any text, each function ends and reads only within the text.
#include <cstddef>
#include <cstdint>

#include "analysis/trace/call.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit::analysis;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (std::string_view system : {"postgresql", "mysql", "mongodb", ""}) {
    std::string plain = without_literals(text, system);
    CHECK(without_literals(plain, system) == plain, "taking literals out twice changes nothing");
  }
  without_ids(text);
  sort_of(text);
  aggregates(text), looks_up(text), has_limit(text), locks_rows(text), table_of(text);
  return 0;
}
