#include <simdjson.h>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/otlp/log_checks.h"
#include "ingest/otlp/span_checks.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

std::string_view read_field(std::string_view key, const dom::element& value, LogRecord& log, Intake& intake) {
  auto text = [&](std::string& into) {
    auto read = json_text(value);
    if (!read) return kWrongType;
    into = *read;
    return std::string_view();
  };
  auto count = [&](auto& into) {
    auto number = json_uint64(value);
    if (!number || *number > 0xffffffffu) return kWrongType;
    into = static_cast<std::remove_reference_t<decltype(into)>>(*number);
    return std::string_view();
  };
  if (key == "timeUnixNano") log.time_ns = log_time_or_note(json_uint64(value), intake);
  if (key == "observedTimeUnixNano") log.observed_ns = log_time_or_note(json_uint64(value), intake);
  if (key == "severityNumber") return count(log.severity);
  if (key == "severityText") return text(log.severity_text);
  if (key == "eventName") return text(log.event_name);
  if (key == "flags") return count(log.otel_flags);
  if (key == "droppedAttributesCount") return count(log.dropped_attributes);
  if (key == "body") log.body = body_text(json_any_value(value, intake));
  if (key == "attributes") log.attributes = json_attributes(value, intake);
  if (key == "traceId") log.trace_id = trace_id_or_note(json_trace_id(value), intake);
  if (key == "spanId") log.span_id = span_id_or_note(json_span_id(value), intake);
  return {};
}

}  // namespace

void decode_json_log(const dom::element& item, Intake& intake) {
  LogRecord log;
  dom::object object;
  if (item.get_object().get(object)) return intake.refuse(LedgerUnit::Log, "it is not an object");
  for (auto [key, value] : object) {
    std::string_view reason = read_field(key, value, log, intake);
    if (!reason.empty()) return intake.refuse(LedgerUnit::Log, reason);
  }
  finish_log(std::move(log), intake);
}

}  // namespace culprit::otlp
