#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "protocol/registry/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Recognised found = Protocols().recognise(bytes);
  CHECK(found.protocol.empty() || found.final, "a name is final");
  return 0;
}
