// Any bytes as input of each of the three OTLP signals in protobuf: no crash, and the account of every batch holds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ingest/otlp/proto.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using culprit::otlp::SignalType;
  std::string_view request(reinterpret_cast<const char*>(data), size);
  culprit::ImportOptions options;
  options.batch_rows = 7;
  for (SignalType signal : {SignalType::Traces, SignalType::Logs, SignalType::Metrics}) {
    culprit::RecordedSink sink;
    culprit::Intake intake(sink, "otlp", "fuzz", options);
    intake.at("message", 1);
    CHECK(culprit::otlp::decode_proto(request, signal, intake).has_value(), "only the sink may fail");
    CHECK(intake.flush().has_value(), "only the sink may fail");
  }
  return 0;
}
