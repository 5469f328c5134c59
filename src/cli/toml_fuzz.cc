#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "cli/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto entries = culprit::cli::read_toml({reinterpret_cast<const char*>(data), size});
  if (!entries.has_value()) return 0;
  for (const culprit::cli::TomlEntry& entry : entries.value()) {
    if (entry.key.empty()) std::abort();
    if (entry.kind != culprit::cli::TomlEntry::Kind::Array && entry.values.size() != 1) std::abort();
    for (const std::string& value : entry.values)
      if (!culprit::valid_utf8(value)) std::abort();
  }
  return 0;
}
