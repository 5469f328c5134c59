#include "protocol/registry/conversation_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  culprit::fuzz_conversation("postgresql", data, size);
  return 0;
}
