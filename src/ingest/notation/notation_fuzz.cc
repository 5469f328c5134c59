// Any text, line by line, as input of the notation's reader: no crash, and the account of every batch holds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "ingest/notation/notation.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  culprit::RecordedSink sink;
  culprit::ImportOptions options;
  culprit::Intake intake(sink, "notation", "fuzz", options);
  culprit::notation::Reader reader(intake);
  int64_t number = 0;
  for (std::string_view line : culprit::split(std::string_view(reinterpret_cast<const char*>(data), size), '\n')) {
    // Large repeats are valid but slow: they would keep the fuzzer from finding other inputs.
    auto parsed = culprit::notation::parse_line(line);
    auto* repeat = std::get_if<culprit::notation::RepeatLine>(&parsed.content);
    if (repeat && repeat->count > 100) continue;
    CHECK(reader.line(intake.text(line), ++number).has_value(), "only the sink may fail");
  }
  CHECK(reader.end().has_value() && intake.flush().has_value(), "only the sink may fail");
  return 0;
}
