#include "ingest/jaeger/span.h"

#include <simdjson.h>

#include "ingest/jaeger/tags.h"
#include "ingest/shared/ids.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/json_numbers.h"
#include "ingest/shared/sampling.h"

namespace culprit::jaeger {

namespace dom = simdjson::dom;

namespace {

constexpr std::string_view kBadTraceId = "the trace id is longer than 32 hex digits, zero or missing",
                           kBadSpanId = "the span id is longer than 16 hex digits, zero or missing",
                           kBadTime = "a time is not a number of microseconds";

// Jaeger's API removes leading zeros, so shorter ids are valid.
TraceId trace_id_member(const dom::element& object, Intake& intake) {
  return intake.take_id(read_trace_id(text_member(object, "traceID"), IdLength::Trimmed));
}
uint64_t span_id_member(const dom::element& object, std::string_view key, Intake& intake) {
  return intake.take_id(read_span_id(text_member(object, key), IdLength::Trimmed));
}

// The first reference to a parent in the same trace is the parent (Jaeger: Span.ParentSpanID()); the others are links.
void read_references(const dom::element& item, Span& span, Intake& intake) {
  dom::array references;
  if (!item["references"].get_array().get(references)) {
    for (dom::element reference : references) {
      SpanLink link{trace_id_member(reference, intake), span_id_member(reference, "spanID", intake), {}, {}, 0, 0};
      if (link.trace_id.zero() || link.span_id == 0) {
        intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a reference has no valid ids");
        continue;
      }
      bool child = text_member(reference, "refType") == "CHILD_OF" && link.trace_id == span.trace_id;
      if (child && span.parent_span_id == 0) {
        span.parent_span_id = link.span_id;
        continue;
      }
      link.attributes.push_back({"opentracing.ref_type", std::string(child ? "child_of" : "follows_from")});
      span.links.push_back(std::move(link));
    }
  }
  if (span.parent_span_id == 0) span.parent_span_id = span_id_member(item, "parentSpanID", intake);
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
}

void read_events(const dom::element& item, Span& span, Intake& intake) {
  dom::array logs;
  if (item["logs"].get_array().get(logs)) return;
  for (dom::element log : logs) {
    SpanEvent event;
    auto time_ns = microseconds_member(log, "timestamp");
    if (!time_ns) {
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a log's timestamp is not a number of microseconds");
      continue;
    }
    event.time_ns = *time_ns;
    dom::element fields;
    if (!log["fields"].get(fields)) event.attributes = decode_tags(fields, intake);
    event.name = find_text(event.attributes, "event");
    span.events.push_back(std::move(event));
  }
}

// Fills the fields that Jaeger stores as tags. The tags stay as sent.
void read_meaning_of_tags(Span& span) {
  static constexpr std::string_view kKinds[] = {"unspecified", "internal", "server", "client", "producer", "consumer"};
  std::string_view kind = find_text(span.attributes, "span.kind");
  for (size_t i = 0; i < std::size(kKinds); ++i)
    if (kind == kKinds[i]) span.kind = static_cast<SpanKind>(i);
  const Value* error = find(span.attributes, "error");
  std::string_view code = find_text(span.attributes, "otel.status_code");
  if (code == "OK") span.status = SpanStatus::Ok;
  if (code == "ERROR" || (error && (*error == Value(true) || *error == Value(std::string("true")))))
    span.status = SpanStatus::Error;
  span.status_message = find_text(span.attributes, "otel.status_description");
  span.trace_state = find_text(span.attributes, "w3c.tracestate");
}

}  // namespace

void decode_span(const dom::element& item, Intake& intake) {
  Span& span = intake.begin_span();
  if (!item.is_object()) return intake.refuse_span("it is not an object");
  span.trace_id = trace_id_member(item, intake);
  span.span_id = span_id_member(item, "spanID", intake);
  if (span.trace_id.zero() || span.span_id == 0) {
    intake.sum(LedgerKind::zero_id, 1, intake.resource().service);
    return intake.refuse_span(span.trace_id.zero() ? kBadTraceId : kBadSpanId);
  }
  auto start_ns = microseconds_member(item, "startTime"), duration_ns = microseconds_member(item, "duration");
  if (!start_ns || !duration_ns) return intake.refuse_span(kBadTime);
  span.start_ns = *start_ns;
  span.duration_ns = *duration_ns;
  span.name = text_member(item, "operationName");
  dom::element tags;
  if (!item["tags"].get(tags)) span.attributes = decode_tags(tags, intake);
  dom::element flags, warnings;
  dom::array list;
  if (!item["flags"].get(flags)) span.otel_flags = static_cast<uint32_t>(integer_of(flags).value_or(0) & 0xff);
  // Warnings of Jaeger's query service about the span; the sender has no such tag.
  if (!item["warnings"].get(warnings) && !warnings.get_array().get(list) && list.size() > 0)
    span.attributes.push_back({"jaeger.warnings", plain_value(warnings)});
  read_references(item, span, intake);
  read_events(item, span, intake);
  read_meaning_of_tags(span);
  Sampling sampling = sampling_of(span.trace_state, span.trace_id.low, span.otel_flags);
  if (sampling.weight) span.weight = *sampling.weight;
  if (sampling.inconsistent) intake.sum(LedgerKind::inconsistent_threshold, 1, intake.resource().service);
  intake.end_span();
}

}  // namespace culprit::jaeger
