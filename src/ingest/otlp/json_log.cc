#include <simdjson.h>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/otlp/log_checks.h"
#include "ingest/otlp/span_checks.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/span_names.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

std::string_view read_severity(const dom::element& element, LogRecord& log) {
  auto name = json_text(element);
  auto number = json_int64(element);
  auto severity = number ? std::optional(static_cast<int32_t>(*number)) : name ? severity_of(*name) : std::nullopt;
  log.severity = severity.value_or(0);
  return severity ? std::string_view() : kWrongType;
}

template <class Id>
Id id_or_note(const ReadId<Id>& read, Id (*or_note)(std::optional<Id>, Intake&), Intake& intake) {
  if (read.hashed) note_hashed_id(intake);
  return or_note(read.id, intake);
}

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
  if (key == "timeUnixNano")
    log.time_ns = log_time_or_note(json_uint64(value), intake);
  else if (key == "observedTimeUnixNano")
    log.observed_ns = log_time_or_note(json_uint64(value), intake);
  else if (key == "severityNumber")
    return read_severity(value, log);
  else if (key == "severityText")
    return text(log.severity_text);
  else if (key == "eventName")
    return text(log.event_name);
  else if (key == "flags")
    return count(log.otel_flags);
  else if (key == "droppedAttributesCount")
    return count(log.dropped_attributes);
  else if (key == "body")
    log.body = body_text(json_any_value(value, intake));
  else if (key == "attributes")
    log.attributes = json_attributes(value, intake);
  else if (key == "traceId")
    log.trace_id = id_or_note(json_trace_id(value), trace_id_or_note, intake);
  else if (key == "spanId")
    log.span_id = id_or_note(json_span_id(value), span_id_or_note, intake);
  return {};
}

}  // namespace

void decode_json_log(const dom::element& item, Intake& intake) {
  LogRecord log;
  dom::object object;
  if (item.get_object().get(object)) return intake.refuse(LedgerUnit::Log, "it is not an object");
  CamelKey names;
  for (auto [key, value] : object) {
    std::string_view reason = read_field(names.of(key), value, log, intake);
    if (!reason.empty()) return intake.refuse(LedgerUnit::Log, reason);
  }
  finish_log(std::move(log), intake);
}

}  // namespace culprit::otlp
