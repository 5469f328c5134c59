// A program's file is written by any user: reading its symbols must accept any bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "capture/kernel/uprobe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view file(reinterpret_cast<const char*>(data), size);
  auto offset = culprit::capture::function_offset(file, "f");
  if (offset && *offset >= file.size()) std::abort();
  auto variable = culprit::capture::exported_variable(file, "v");
  culprit::capture::mapped_address(file, 1, variable);
  return 0;
}
