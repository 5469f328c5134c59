// Any bytes as a journal file and as a record of the manifest.
#include "model/batch_codec.h"
#include "store/files/manifest.h"
#include "store/journal/scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  culprit::scan_frames(
      bytes, [](const culprit::FrameHeader&, std::string_view content) { (void)culprit::decode_batch(content); });
  (void)culprit::decode_seal_record(bytes);
  return 0;
}
