// Any bytes as a compressed file: no crash, and the output never exceeds the limit.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ingest/shared/byte_source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimit = 1 << 20;
  auto plain = culprit::decompress({reinterpret_cast<const char*>(data), size}, kLimit);
  CHECK(!plain.has_value() || plain.value().size() <= kLimit, "the limit holds");
  return 0;
}
