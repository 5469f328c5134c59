// The scalar and AnyValue forms of OTLP/JSON. Absent and null are the same (proto3 JSON).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::otlp {

std::optional<uint64_t> json_uint64(const simdjson::dom::element& element);
std::optional<int64_t> json_int64(const simdjson::dom::element& element);
std::optional<double> json_double(const simdjson::dom::element& element);
std::optional<std::string_view> json_text(const simdjson::dom::element& element);
// Hex of exactly so many bytes; "" and null are zero.
std::optional<TraceId> json_trace_id(const simdjson::dom::element& element);
std::optional<uint64_t> json_span_id(const simdjson::dom::element& element);

// An array of {key, value}. What is not one is noted as malformed and left out.
Attributes json_attributes(const simdjson::dom::element& element, Intake& intake);
Value json_any_value(const simdjson::dom::element& element, Intake& intake);

}  // namespace culprit::otlp
