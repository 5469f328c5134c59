// Scalars and AnyValue in OTLP/JSON. A missing member and null are the same (proto3 JSON).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/shared/ids.h"
#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::otlp {

std::optional<uint64_t> json_uint64(const simdjson::dom::element& element);
std::optional<int64_t> json_int64(const simdjson::dom::element& element);
std::optional<double> json_double(const simdjson::dom::element& element);
std::optional<std::string_view> json_text(const simdjson::dom::element& element);
// A number is an id's last 8 bytes; null is zero.
ReadId<TraceId> json_trace_id(const simdjson::dom::element& element);
ReadId<uint64_t> json_span_id(const simdjson::dom::element& element);
// By number or by name; an unknown number is Unspecified or Unset.
std::optional<SpanKind> json_kind(const simdjson::dom::element& element);
std::optional<SpanStatus> json_status(const simdjson::dom::element& element);

// Reads an array of {key, value}, or an object of plain values. Anything else is counted as malformed and left out.
Attributes json_attributes(const simdjson::dom::element& element, Intake& intake);
Value json_any_value(const simdjson::dom::element& element, Intake& intake);

}  // namespace culprit::otlp
