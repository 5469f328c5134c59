// Fuzzes arbitrary bytes as a journal file, as a record of the manifest, and as a side record of a segment.
#include "model/batch_codec.h"
#include "store/files/manifest.h"
#include "store/files/scan.h"
#include "store/files/side_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  culprit::scan_frames(
      bytes, [](const culprit::FrameHeader&, std::string_view content) { (void)culprit::decode_batch_parts(content); });
  (void)culprit::decode_side_record(bytes);
  if (auto record = culprit::decode_seal_record(bytes); record.has_value()) {
    culprit::Manifest manifest;
    manifest.apply(record.value());
    (void)culprit::decode_seal_record(culprit::encode_seal_record(manifest.as_record()));
  }
  return 0;
}
