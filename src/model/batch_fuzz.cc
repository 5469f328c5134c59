// Fuzzes arbitrary bytes as a batch and as a frame: they are decoded within the limits or refused, and a decoded batch
// can be encoded again.
#include "base/check.h"
#include "model/batch_codec.h"
#include "model/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto batch = culprit::decode_batch(bytes);
  if (batch.has_value()) CHECK(culprit::encode_batch(batch.value()).has_value(), "what decodes must encode");
  auto header = culprit::decode_frame_header(bytes);
  if (header.has_value()) (void)culprit::decode_frame_content(header.value(), bytes);
  return 0;
}
