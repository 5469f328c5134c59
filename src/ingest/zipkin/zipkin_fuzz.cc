// Any bytes as input of Zipkin's decoder: no crash, and the account of every batch holds (checked by RecordedSink).
#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  culprit::RecordedSink sink;
  culprit::ImportOptions options;
  options.batch_rows = 7;
  options.max_piece_bytes = size % 2 ? 1 << 16 : 300;  // the small limit covers documents that exceed it
  auto summary = culprit::import_bytes(std::string(reinterpret_cast<const char*>(data), size), "fuzz", sink, options);
  (void)summary.has_value();
  return 0;
}
