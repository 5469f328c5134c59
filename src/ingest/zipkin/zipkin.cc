#include "ingest/zipkin/zipkin.h"

#include <simdjson.h>

#include <algorithm>

#include "ingest/shared/ids.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/json_numbers.h"
#include "ingest/shared/span_names.h"

namespace culprit::zipkin {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view kBadTraceId = "the trace id is longer than 32 hex digits, zero or missing",
                           kBadSpanId = "the span id is longer than 16 hex digits, zero or missing",
                           kBadTime = "a time is not a number of microseconds", kNoTime = "it has no time";

bool has(const dom::element& object, std::string_view key) {
  dom::element member;
  return !object[key].get(member) && !member.is_null();
}

// The core annotations of version 1 that describe the span itself; version 2 has fields for them.
struct CoreAnnotation {
  std::string_view value;
  SpanKind kind;
  bool begins;
};
constexpr CoreAnnotation kCore[] = {{"cs", SpanKind::Client, true},   {"cr", SpanKind::Client, false},
                                    {"sr", SpanKind::Server, true},   {"ss", SpanKind::Server, false},
                                    {"ms", SpanKind::Producer, true}, {"mr", SpanKind::Consumer, true}};

// Returns the endpoint of the span's own service.
dom::element local_endpoint(const dom::element& item) {
  dom::element endpoint;
  if (!item["localEndpoint"].get(endpoint)) return endpoint;
  for (std::string_view key : {"annotations", "binaryAnnotations"}) {
    dom::array list;
    if (item[key].get_array().get(list)) continue;
    for (dom::element annotation : list)
      if (!annotation["endpoint"].get(endpoint)) return endpoint;
  }
  return item;  // none found: a span has no serviceName of its own, so the service is empty
}

Resource resource_of(const dom::element& item) {
  Resource resource;
  std::string_view service = text_member(local_endpoint(item), "serviceName");
  if (!service.empty()) resource.attributes.push_back({"service.name", std::string(service)});
  return resource;
}

// The attribute names are those of the Collector's translation: the attributes are the same for both ways of sending a
// trace.
void add_endpoint(const dom::element& endpoint, std::string_view side, Span& span) {
  for (std::string_view key : {"ipv4", "ipv6"}) {
    std::string_view address = text_member(endpoint, key);
    if (!address.empty()) span.attributes.push_back({"net." + std::string(side) + ".ip", std::string(address)});
  }
  dom::element port;
  if (!endpoint["port"].get(port) && !port.is_null())
    if (auto number = integer_of(port)) span.attributes.push_back({"net." + std::string(side) + ".port", *number});
}

void read_tags(const dom::element& item, Span& span) {
  dom::element tags, endpoint;
  if (!item["tags"].get(tags)) span.attributes = plain_attributes(tags);
  dom::array binary;
  if (!item["binaryAnnotations"].get_array().get(binary)) {
    for (dom::element annotation : binary) {
      dom::element value;
      std::string_view key = text_member(annotation, "key");
      if (!key.empty() && !annotation["value"].get(value))
        span.attributes.push_back({std::string(key), plain_value(value)});
    }
  }
  if (!item["localEndpoint"].get(endpoint)) add_endpoint(endpoint, "host", span);
  if (!item["remoteEndpoint"].get(endpoint)) {
    std::string_view peer = text_member(endpoint, "serviceName");
    if (!peer.empty()) span.attributes.push_back({"peer.service", std::string(peer)});
    add_endpoint(endpoint, "peer", span);
  }
  for (std::string_view key : {"shared", "debug"})
    if (true_member(item, key)) span.attributes.push_back({"zipkin." + std::string(key), true});
}

// A tag "error" means an error, whatever its value; a text value is the message.
void read_status(Span& span) {
  std::string_view code = find_text(span.attributes, "otel.status_code");
  if (code == "OK") span.status = SpanStatus::Ok;
  const Value* error = find(span.attributes, "error");
  if (code == "ERROR" || (error && *error != Value(false) && *error != Value(std::string("false"))))
    span.status = SpanStatus::Error;
  span.status_message = find_text(span.attributes, "otel.status_description");
  std::string_view message = find_text(span.attributes, "error");
  if (span.status == SpanStatus::Error && span.status_message.empty() && message != "true")
    span.status_message = message;
}

void read_annotations(const dom::element& item, Span& span, Intake& intake) {
  dom::array annotations;
  if (item["annotations"].get_array().get(annotations)) return;
  int64_t begin_ns = 0, end_ns = 0;
  for (dom::element annotation : annotations) {
    auto time_ns = microseconds_member(annotation, "timestamp");
    std::string_view value = text_member(annotation, "value");
    if (!time_ns) {
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1,
                  "an annotation's timestamp is not a number of microseconds");
      continue;
    }
    span.events.push_back({*time_ns, std::string(value), {}, 0});
    auto core = std::find_if(std::begin(kCore), std::end(kCore), [&](auto& known) { return known.value == value; });
    if (core == std::end(kCore)) continue;
    if (span.kind == SpanKind::Unspecified) span.kind = core->kind;
    if (core->kind == span.kind) (core->begins ? begin_ns : end_ns) = *time_ns;
  }
  if (span.start_ns != 0 || begin_ns == 0) return;
  span.start_ns = begin_ns;
  if (span.duration_ns == 0) span.duration_ns = std::max<int64_t>(end_ns - begin_ns, 0);
}

void decode_span(const dom::element& item, Intake& intake) {
  Span& span = intake.begin_span();
  span.trace_id = intake.take_id(read_trace_id(text_member(item, "traceId"), IdLength::Trimmed));
  span.span_id = intake.take_id(read_span_id(text_member(item, "id"), IdLength::Trimmed));
  span.parent_span_id = intake.take_id(read_span_id(text_member(item, "parentId"), IdLength::Trimmed));
  if (span.trace_id.zero() || span.span_id == 0) {
    intake.sum(LedgerKind::zero_id, 1, intake.resource().service);
    return intake.refuse_span(span.trace_id.zero() ? kBadTraceId : kBadSpanId);
  }
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
  auto start_ns = microseconds_member(item, "timestamp"), duration_ns = microseconds_member(item, "duration");
  if (!start_ns || !duration_ns) return intake.refuse_span(kBadTime);
  span.start_ns = *start_ns;
  span.duration_ns = *duration_ns;
  span.name = text_member(item, "name");
  span.kind = span_kind_of(text_member(item, "kind")).value_or(SpanKind::Unspecified);
  read_annotations(item, span, intake);
  if (span.start_ns == 0) return intake.refuse_span(kNoTime);
  read_tags(item, span);
  read_status(span);
  // The span was reported before it ended: Zipkin's clients then leave out the duration.
  if (!has(item, "duration") && span.duration_ns == 0) {
    span.flags |= kUnfinished;
    intake.sum(LedgerKind::never_ended, 1, intake.resource().service);
  }
  intake.end_span();
}

}  // namespace

// Zipkin's spans have "traceId" and "id". OTLP has "spanId", Jaeger "traceID"; spans of SDK consoles also have
// "attributes" and "status".
bool is_json(const dom::element& document) {
  if (!has(document, "traceId") || !has(document, "id") || has(document, "spanId")) return false;
  return !has(document, "attributes") && !has(document, "status") && !has(document, "resource");
}

Result<void> decode_json(const dom::element& document, Intake& intake) {
  intake.set_resource(resource_of(document));
  decode_span(document, intake);
  return intake.flush_if_full();
}

}  // namespace culprit::zipkin
