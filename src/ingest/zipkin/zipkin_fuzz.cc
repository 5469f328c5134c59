// Any bytes, taken in by Zipkin's decoder: no crash, and the account of every batch holds (RecordedSink checks it).
#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  culprit::RecordedSink sink;
  culprit::ImportOptions options;
  options.batch_rows = 7;
  options.max_piece_bytes = size % 2 ? 1 << 16 : 300;  // also documents that are longer than the limit
  auto summary = culprit::import_bytes(std::string(reinterpret_cast<const char*>(data), size), "fuzz", sink, options);
  (void)summary.has_value();
  return 0;
}
