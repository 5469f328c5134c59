// Any bytes as input of each console decoder, and as a JavaScript literal: no crash, and the account of every batch
// holds.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "ingest/console/console.h"
#include "ingest/console/script.h"
#include "ingest/registry/import.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit;
  std::string text(reinterpret_cast<const char*>(data), size);
  ImportOptions options;
  options.batch_rows = 7;
  options.max_piece_bytes = 1 << 16;
  for (const StreamFormat* format : {&console::kNode, &console::kDotnet, &console::kJava}) {
    RecordedSink sink;
    Framing framing(ByteSource::from_bytes(text, 1 << 20), options.max_piece_bytes);
    Intake intake(sink, format->name, "fuzz", options);
    CHECK(format->decode(framing, intake).has_value() && intake.flush().has_value(), "only the sink may fail");
  }
  RecordedSink sink;
  (void)import_bytes(console::json_of_script(text), "fuzz", sink, options).has_value();
  return 0;
}
