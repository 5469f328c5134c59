#include <simdjson.h>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/otlp/span_checks.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

// Reads a field into `into` and says what was wrong with it.
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
  auto number = json_uint64(element);
  if (!number) return kBadTime;
  into = *number;
  return {};
}

std::string_view read_event(const dom::element& element, SpanEvent& event, Intake& intake) {
  dom::object object;
  if (element.get_object().get(object)) return kWrongType;
  uint64_t time_ns = 0;
  std::string_view reason;
  for (auto [key, value] : object) {
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
  for (auto [key, value] : object) {
    if (key == "traceId") {
      auto id = json_trace_id(value);
      if (!id) return kBadTraceId;
      link.trace_id = *id;
    } else if (key == "spanId") {
      auto id = json_span_id(value);
      if (!id) return kBadSpanId;
      link.span_id = *id;
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

// Reads a list of events or links; a bad one is noted and left out.
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

std::string_view read_status(const dom::element& element, Span& span) {
  dom::object object;
  if (element.is_null()) return {};
  if (element.get_object().get(object)) return kWrongType;
  for (auto [key, value] : object) {
    if (key == "code") {
      auto number = json_int64(value);
      if (!number) return kWrongType;
      span.status = status_from(*number);
    } else if (key == "message") {
      if (auto reason = read_text(value, span.status_message); !reason.empty()) return reason;
    }
  }
  return {};
}

// A parent that is not an id costs the link, not the span.
void read_parent(const dom::element& element, Span& span, Intake& intake) {
  auto id = json_span_id(element);
  span.parent_span_id = id.value_or(0);
  if (!id) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a parent span id is not 8 bytes");
}

struct Times {
  uint64_t start_ns = 0, end_ns = 0;
};

std::string_view read_field(std::string_view key, const dom::element& value, Span& span, Times& times, Intake& intake) {
  if (key == "traceId") {
    auto id = json_trace_id(value);
    if (!id) return kBadTraceId;
    span.trace_id = *id;
  } else if (key == "spanId") {
    auto id = json_span_id(value);
    if (!id) return kBadSpanId;
    span.span_id = *id;
  } else if (key == "parentSpanId") {
    read_parent(value, span, intake);
  } else if (key == "name") {
    return read_text(value, span.name);
  } else if (key == "kind") {
    auto number = json_int64(value);
    if (!number) return kWrongType;
    span.kind = kind_from(*number);
  } else if (key == "startTimeUnixNano") {
    return read_time(value, times.start_ns);
  } else if (key == "endTimeUnixNano") {
    return read_time(value, times.end_ns);
  } else if (key == "attributes") {
    span.attributes = json_attributes(value, intake);
  } else if (key == "status") {
    return read_status(value, span);
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
