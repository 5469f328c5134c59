#include "protocol/conversation_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  culprit::fuzz_conversation("postgresql", data, size);
  return 0;
}
