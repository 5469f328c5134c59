// Decoders for KeyValue and AnyValue of common.proto.
#pragma once

#include <optional>
#include <string_view>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

// Appends one KeyValue message. A damaged one is counted and left out.
void add_proto_attribute(std::string_view key_value, Attributes& attributes, Intake& intake);
Value proto_any_value(std::string_view any_value, Intake& intake);

// Ids must have exactly their length; empty and zero ids are zero.
std::optional<TraceId> proto_trace_id(std::string_view bytes);
std::optional<uint64_t> proto_span_id(std::string_view bytes);

}  // namespace culprit::otlp
