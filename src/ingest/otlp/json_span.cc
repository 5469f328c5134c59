#include <simdjson.h>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/otlp/span_checks.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/span_names.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

// Reads a field into `into` and returns the error, or an empty text.
std::string_view read_text(const dom::element& element, std::string& into) {
  auto text = json_text(element);
  if (!text) return kWrongType;
  into = *text;
  return {};
}

std::string_view read_count(const dom::element& element, uint32_t& into) {
  auto number = json_uint64(element);
  if (!number || *number > 0xffffffffu) return kWrongType;
  into = static_cast<uint32_t>(*number);
  return {};
}

std::string_view read_time(const dom::element& element, uint64_t& into) {
  if (auto number = json_uint64(element)) {
    into = *number;
    return {};
  }
  // Some printers write times as RFC 3339 text.
  auto text = json_text(element);
  auto time_ns = text ? rfc3339_ns(*text) : std::nullopt;
  if (!time_ns || *time_ns < 0) return kBadTime;
  into = static_cast<uint64_t>(*time_ns);
  return {};
}

template <class Id>
std::string_view take_id(const ReadId<Id>& read, Id& into, std::string_view bad, Intake& intake) {
  if (!read.id) return bad;
  if (read.hashed) note_hashed_id(intake);
  into = *read.id;
  return {};
}

std::string_view read_event(const dom::element& element, SpanEvent& event, Intake& intake) {
  dom::object object;
  if (element.get_object().get(object)) return kWrongType;
  uint64_t time_ns = 0;
  std::string_view reason;
  CamelKey names;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    if (key == "timeUnixNano")
      reason = read_time(value, time_ns);
    else if (key == "name")
      reason = read_text(value, event.name);
    else if (key == "attributes")
      event.attributes = json_attributes(value, intake);
    else if (key == "droppedAttributesCount")
      reason = read_count(value, event.dropped_attributes);
    if (!reason.empty()) return reason;
  }
  event.time_ns = static_cast<int64_t>(time_ns);
  return event.time_ns < 0 ? kBadTime : std::string_view();
}

std::string_view read_link(const dom::element& element, SpanLink& link, Intake& intake) {
  dom::object object;
  if (element.get_object().get(object)) return kWrongType;
  std::string_view reason;
  CamelKey names;
  for (auto [raw_key, value] : object) {
    std::string_view key = names.of(raw_key);
    if (key == "traceId") {
      reason = take_id(json_trace_id(value), link.trace_id, kBadTraceId, intake);
    } else if (key == "spanId") {
      reason = take_id(json_span_id(value), link.span_id, kBadSpanId, intake);
    } else if (key == "traceState") {
      reason = read_text(value, link.trace_state);
    } else if (key == "attributes") {
      link.attributes = json_attributes(value, intake);
    } else if (key == "droppedAttributesCount") {
      reason = read_count(value, link.dropped_attributes);
    } else if (key == "flags") {
      reason = read_count(value, link.flags);
    }
    if (!reason.empty()) return reason;
  }
  return {};
}

// Reads a list of events or links; an invalid element is counted and left out.
template <class T>
void read_list(const dom::element& element, std::vector<T>& into, Intake& intake,
               std::string_view (*read)(const dom::element&, T&, Intake&)) {
  dom::array array;
  if (element.is_null()) return;
  if (element.get_array().get(array)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "events or links are not an array");
    return;
  }
  for (dom::element entry : array) {
    T one;
    std::string_view reason = read(entry, one, intake);
    if (reason.empty())
      into.push_back(std::move(one));
    else
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, std::string("an event or link: ") + std::string(reason));
  }
}

// An unknown kind or status is dropped without the span: failed spans are the ones that users look for.
void read_kind(const dom::element& element, Span& span, Intake& intake) {
  if (auto kind = json_kind(element))
    span.kind = *kind;
  else
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a span's kind is neither a number nor a name of OTLP's");
}

void read_code(const dom::element& element, Span& span, Intake& intake) {
  if (auto status = json_status(element))
    span.status = *status;
  else
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a status code is neither a number nor a name of OTLP's");
}

void read_status(const dom::element& element, Span& span, Intake& intake) {
  dom::object object;
  if (element.is_null()) return;
  if (element.get_object().get(object)) return read_code(element, span, intake);
  for (auto [key, value] : object) {
    if (key == "code")
      read_code(value, span, intake);
    else if (key == "message" && !read_text(value, span.status_message).empty())
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a status message is not a string");
  }
}

// A parent that is not a valid id costs the link, not the span.
void read_parent(const dom::element& element, Span& span, Intake& intake) {
  std::string_view reason =
      take_id(json_span_id(element), span.parent_span_id, "a parent span id is not 8 bytes", intake);
  if (!reason.empty()) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, reason);
}

struct Times {
  uint64_t start_ns = 0, end_ns = 0;
};

std::string_view read_field(std::string_view key, const dom::element& value, Span& span, Times& times, Intake& intake) {
  if (key == "traceId") {
    return take_id(json_trace_id(value), span.trace_id, kBadTraceId, intake);
  } else if (key == "spanId") {
    return take_id(json_span_id(value), span.span_id, kBadSpanId, intake);
  } else if (key == "parentSpanId") {
    read_parent(value, span, intake);
  } else if (key == "name") {
    return read_text(value, span.name);
  } else if (key == "kind") {
    read_kind(value, span, intake);
  } else if (key == "startTimeUnixNano") {
    return read_time(value, times.start_ns);
  } else if (key == "endTimeUnixNano") {
    return read_time(value, times.end_ns);
  } else if (key == "attributes") {
    span.attributes = json_attributes(value, intake);
  } else if (key == "status") {
    read_status(value, span, intake);
  } else if (key == "flags") {
    return read_count(value, span.otel_flags);
  } else if (key == "traceState") {
    return read_text(value, span.trace_state);
  } else if (key == "events") {
    read_list(value, span.events, intake, read_event);
  } else if (key == "links") {
    read_list(value, span.links, intake, read_link);
  } else if (key == "droppedAttributesCount") {
    return read_count(value, span.dropped_attributes);
  } else if (key == "droppedEventsCount") {
    return read_count(value, span.dropped_events);
  } else if (key == "droppedLinksCount") {
    return read_count(value, span.dropped_links);
  } else if (key.find('_') != std::string_view::npos) {
    CamelKey names;
    std::string_view camel = names.of(key);
    if (camel.find('_') == std::string_view::npos) return read_field(camel, value, span, times, intake);
  }
  return {};
}

}  // namespace

void decode_json_span(const dom::element& item, Intake& intake) {
  Span& span = intake.begin_span();
  Times times;
  dom::object object;
  std::string_view reason;
  if (item.get_object().get(object)) return refuse_span(intake, "it is not an object");
  for (auto [key, value] : object) {
    reason = read_field(key, value, span, times, intake);
    if (!reason.empty()) return refuse_span(intake, reason);
  }
  finish_span(intake, complete_span(intake, span, times.start_ns, times.end_ns));
}

}  // namespace culprit::otlp
