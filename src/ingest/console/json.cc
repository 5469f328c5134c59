#include <simdjson.h>

#include <initializer_list>
#include <optional>

#include "ingest/console/console.h"
#include "ingest/shared/ids.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/json_numbers.h"
#include "ingest/shared/span_names.h"

namespace culprit::console {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view kBadTraceId = "the trace id is not 16 bytes, or zero",
                           kBadSpanId = "the span id is not 8 bytes, or zero", kBadTime = "its times cannot be read";

// Returns the member with the first of these keys that exists: three SDKs use different names for the same field.
std::optional<dom::element> member(const dom::element& object, std::initializer_list<std::string_view> keys) {
  dom::element found;
  for (std::string_view key : keys)
    if (!object[key].get(found) && !found.is_null()) return found;
  return std::nullopt;
}

std::string_view text(const dom::element& object, std::initializer_list<std::string_view> keys) {
  auto found = member(object, keys);
  std::string_view string;
  return found && !found->get_string().get(string) ? string : std::string_view();
}

TraceId trace_id_of(const dom::element& context, Intake& intake) {
  return intake.take_id(read_trace_id(text(context, {"trace_id", "TraceID", "traceId"}), IdLength::Whole));
}
uint64_t span_id_of(const dom::element& context, Intake& intake) {
  return intake.take_id(read_span_id(text(context, {"span_id", "SpanID", "spanId"}), IdLength::Whole));
}

// Go writes {"Type": "INT64", "Value": 7}; the others write the value.
Value value_of(const dom::element& element) {
  dom::element inner;
  if (!element["Value"].get(inner) && element.is_object()) return plain_value(inner);
  return plain_value(element);
}

// Reads an object, or Go's list of {Key, Value}.
Attributes attributes_of(const std::optional<dom::element>& element) {
  Attributes attributes;
  if (!element) return attributes;
  dom::array list;
  if (element->get_array().get(list)) return plain_attributes(*element);
  for (dom::element entry : list) {
    auto value = member(entry, {"Value"});
    std::string_view key = text(entry, {"Key"});
    if (!key.empty()) attributes.push_back({std::string(key), value ? value_of(*value) : Value()});
  }
  return attributes;
}

// Reads RFC 3339 (Python, Go), or Node's [seconds, nanoseconds].
std::optional<int64_t> time_of(const std::optional<dom::element>& element) {
  std::string_view string;
  dom::array pair;
  if (!element) return std::nullopt;
  if (!element->get_string().get(string)) return rfc3339_ns(string);
  int64_t seconds = 0, ns = 0;
  bool bad = element->get_array().get(pair) || pair.at(0).get(seconds) || pair.at(1).get(ns);
  constexpr int64_t kMostSeconds = 9'000'000'000;
  if (bad || seconds < 0 || seconds > kMostSeconds || ns < 0 || ns >= 1'000'000'000) return std::nullopt;
  return seconds * 1'000'000'000 + ns;
}

uint32_t count_of(const dom::element& item, std::initializer_list<std::string_view> keys) {
  auto element = member(item, keys);
  return element ? static_cast<uint32_t>(integer_of(*element).value_or(0)) : 0;
}

bool read_times(const dom::element& item, Span& span) {
  if (member(item, {"timestamp"})) {
    auto start_ns = microseconds_member(item, "timestamp"), duration_ns = microseconds_member(item, "duration");
    span.start_ns = start_ns.value_or(0);
    span.duration_ns = duration_ns.value_or(0);
    return start_ns && duration_ns;
  }
  auto start_ns = time_of(member(item, {"start_time", "StartTime"})),
       end_ns = time_of(member(item, {"end_time", "EndTime"}));
  span.start_ns = start_ns.value_or(0);
  span.duration_ns = start_ns && end_ns ? *end_ns - *start_ns : 0;
  if (start_ns && !end_ns) span.flags |= kUnfinished;
  return start_ns.has_value();
}

// Reads a name (Python) or a number: Go's numbers are OTLP's, Node's begin with INTERNAL = 0.
SpanKind kind_of(const dom::element& item) {
  auto kind = member(item, {"kind", "SpanKind"});
  if (!kind) return SpanKind::Unspecified;
  std::string_view name;
  if (!kind->get_string().get(name)) return span_kind_of(name).value_or(SpanKind::Unspecified);
  int64_t number = integer_of(*kind).value_or(0) + (member(item, {"timestamp"}) ? 1 : 0);
  return number >= 0 && number <= 5 ? static_cast<SpanKind>(number) : SpanKind::Unspecified;
}

void read_status(const dom::element& item, Span& span) {
  auto status = member(item, {"status", "Status"});
  if (!status) return;
  auto code = member(*status, {"status_code", "Code", "code"});
  std::string_view name;
  if (code && !code->get_string().get(name))
    span.status = span_status_of(name).value_or(SpanStatus::Unset);
  else if (code && integer_of(*code) == 1)
    span.status = SpanStatus::Ok;
  else if (code && integer_of(*code) == 2)
    span.status = SpanStatus::Error;
  span.status_message = text(*status, {"description", "Description", "message"});
}

uint64_t parent_of(const dom::element& item, Intake& intake) {
  if (auto context = member(item, {"Parent", "parentSpanContext"})) return span_id_of(*context, intake);
  return intake.take_id(read_span_id(text(item, {"parent_id", "parentId", "parent_span_id"}), IdLength::Whole));
}

void read_events(const dom::element& item, Span& span, Intake& intake) {
  dom::array list;
  auto events = member(item, {"events", "Events"});
  if (!events || events->get_array().get(list)) return;
  for (dom::element entry : list) {
    SpanEvent event;
    auto time_ns = time_of(member(entry, {"timestamp", "Time", "time"}));
    if (!time_ns) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "an event's time cannot be read");
    event.time_ns = time_ns.value_or(span.start_ns);
    event.name = text(entry, {"name", "Name"});
    event.attributes = attributes_of(member(entry, {"attributes", "Attributes"}));
    event.dropped_attributes = count_of(entry, {"DroppedAttributeCount", "droppedAttributesCount"});
    span.events.push_back(std::move(event));
  }
}

void read_links(const dom::element& item, Span& span, Intake& intake) {
  dom::array list;
  auto links = member(item, {"links", "Links"});
  if (!links || links->get_array().get(list)) return;
  for (dom::element entry : list) {
    SpanLink link;
    if (auto context = member(entry, {"context", "SpanContext"})) {
      link.trace_id = trace_id_of(*context, intake);
      link.span_id = span_id_of(*context, intake);
    }
    link.attributes = attributes_of(member(entry, {"attributes", "Attributes"}));
    if (link.trace_id.zero() || link.span_id == 0)
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a link has no valid ids");
    else
      span.links.push_back(std::move(link));
  }
}

Resource resource_of(const dom::element& item) {
  Resource resource;
  if (auto found = member(item, {"resource", "Resource"})) {
    auto attributes = member(*found, {"attributes"});
    resource.attributes = attributes_of(attributes ? attributes : found);
    resource.schema_url = text(*found, {"schema_url"});
  }
  if (auto scope = member(
          item, {"instrumentationScope", "InstrumentationScope", "instrumentationLibrary", "InstrumentationLibrary"})) {
    resource.scope_name = text(*scope, {"name", "Name"});
    resource.scope_version = text(*scope, {"version", "Version"});
    resource.scope_schema_url = text(*scope, {"schemaUrl", "SchemaURL"});
  }
  return resource;
}

// Returns the object that has the span's ids: Node prints them in the span itself.
std::optional<dom::element> context_of(const dom::element& item) {
  if (auto context = member(item, {"context", "SpanContext"})) return context;
  return member(item, {"traceId"}) && member(item, {"id"}) ? std::optional(item) : std::nullopt;
}

}  // namespace

bool is_json(const dom::element& document) {
  auto context = context_of(document);
  if (!context || text(*context, {"trace_id", "TraceID", "traceId"}).empty()) return false;
  if (!member(document, {"context", "SpanContext"}) && !member(document, {"attributes", "status"})) return false;
  return member(document, {"start_time", "StartTime", "timestamp"}).has_value();
}

Result<void> decode_json(const dom::element& document, Intake& intake) {
  intake.set_resource(resource_of(document));
  Span& span = intake.begin_span();
  dom::element context = context_of(document).value_or(document);
  span.trace_id = trace_id_of(context, intake);
  span.span_id = span_id_of(context, intake);
  if (span.span_id == 0 && member(document, {"traceId"}))
    span.span_id = intake.take_id(read_span_id(text(document, {"id"}), IdLength::Whole));
  if (span.trace_id.zero() || span.span_id == 0) {
    intake.sum(LedgerKind::zero_id, 1, intake.resource().service);
    intake.refuse_span(span.trace_id.zero() ? kBadTraceId : kBadSpanId);
    return intake.flush_if_full();
  }
  if (!read_times(document, span)) {
    intake.refuse_span(kBadTime);
    return intake.flush_if_full();
  }
  span.parent_span_id = parent_of(document, intake);
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
  span.name = text(document, {"name", "Name"});
  span.kind = kind_of(document);
  read_status(document, span);
  span.attributes = attributes_of(member(document, {"attributes", "Attributes"}));
  read_events(document, span, intake);
  read_links(document, span, intake);
  span.dropped_attributes = count_of(document, {"DroppedAttributes"});
  span.dropped_events = count_of(document, {"DroppedEvents"});
  span.dropped_links = count_of(document, {"DroppedLinks"});
  if (span.flags & kUnfinished) intake.sum(LedgerKind::never_ended, 1, intake.resource().service);
  intake.end_span();
  return intake.flush_if_full();
}

}  // namespace culprit::console
