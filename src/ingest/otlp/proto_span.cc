#include "ingest/otlp/log_checks.h"
#include "ingest/otlp/proto_parts.h"
#include "ingest/otlp/proto_reader.h"
#include "ingest/otlp/proto_value.h"
#include "ingest/otlp/span_checks.h"

namespace culprit::otlp {

namespace {

// Event: time 1, name 2, attributes 3, dropped 4.
std::string_view read_event(std::string_view message, SpanEvent& event, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Fixed64)) event.time_ns = static_cast<int64_t>(reader.number());
    if (reader.is(2, ProtoReader::Length)) event.name = intake.text(reader.bytes());
    if (reader.is(3, ProtoReader::Length)) add_proto_attribute(reader.bytes(), event.attributes, intake);
    if (reader.is(4, ProtoReader::Varint)) event.dropped_attributes = static_cast<uint32_t>(reader.number());
  }
  if (event.time_ns < 0) return kBadTime;
  return reader.failed() ? kNotWhole : std::string_view();
}

// Link: trace id 1, span id 2, trace state 3, attributes 4, dropped 5, flags 6 (fixed32).
std::string_view read_link(std::string_view message, SpanLink& link, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Length)) {
      auto id = proto_trace_id(reader.bytes());
      if (!id) return kBadTraceId;
      link.trace_id = *id;
    }
    if (reader.is(2, ProtoReader::Length)) {
      auto id = proto_span_id(reader.bytes());
      if (!id) return kBadSpanId;
      link.span_id = *id;
    }
    if (reader.is(3, ProtoReader::Length)) link.trace_state = intake.text(reader.bytes());
    if (reader.is(4, ProtoReader::Length)) add_proto_attribute(reader.bytes(), link.attributes, intake);
    if (reader.is(5, ProtoReader::Varint)) link.dropped_attributes = static_cast<uint32_t>(reader.number());
    if (reader.is(6, ProtoReader::Fixed32)) link.flags = static_cast<uint32_t>(reader.number());
  }
  return reader.failed() ? kNotWhole : std::string_view();
}

template <class T>
void add_one(std::string_view message, std::vector<T>& into, Intake& intake,
             std::string_view (*read)(std::string_view, T&, Intake&)) {
  T one;
  std::string_view reason = read(message, one, intake);
  if (reason.empty())
    into.push_back(std::move(one));
  else
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, std::string("an event or link: ") + std::string(reason));
}

// Status: message 2, code 3.
std::string_view read_status(std::string_view message, Span& span, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(2, ProtoReader::Length)) span.status_message = intake.text(reader.bytes());
    if (reader.is(3, ProtoReader::Varint)) span.status = status_from(static_cast<int64_t>(reader.number()));
  }
  return reader.failed() ? kNotWhole : std::string_view();
}

void read_parent(std::string_view bytes, Span& span, Intake& intake) {
  auto id = proto_span_id(bytes);
  span.parent_span_id = id.value_or(0);
  if (!id) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a parent span id is not 8 bytes");
}

std::string_view read_bytes_field(const ProtoReader& reader, Span& span, Intake& intake) {
  switch (reader.field()) {
    case 1: {
      auto id = proto_trace_id(reader.bytes());
      span.trace_id = id.value_or(TraceId{});
      return id ? std::string_view() : kBadTraceId;
    }
    case 2: {
      auto id = proto_span_id(reader.bytes());
      span.span_id = id.value_or(0);
      return id ? std::string_view() : kBadSpanId;
    }
    case 3: span.trace_state = intake.text(reader.bytes()); break;
    case 4: read_parent(reader.bytes(), span, intake); break;
    case 5: span.name = intake.text(reader.bytes()); break;
    case 9: add_proto_attribute(reader.bytes(), span.attributes, intake); break;
    case 11: add_one(reader.bytes(), span.events, intake, read_event); break;
    case 13: add_one(reader.bytes(), span.links, intake, read_link); break;
    case 15: return read_status(reader.bytes(), span, intake);
    default: break;
  }
  return {};
}

void read_varint_field(const ProtoReader& reader, Span& span) {
  switch (reader.field()) {
    case 6: span.kind = kind_from(static_cast<int64_t>(reader.number())); break;
    case 10: span.dropped_attributes = static_cast<uint32_t>(reader.number()); break;
    case 12: span.dropped_events = static_cast<uint32_t>(reader.number()); break;
    case 14: span.dropped_links = static_cast<uint32_t>(reader.number()); break;
    default: break;
  }
}

}  // namespace

void decode_proto_span(std::string_view message, Intake& intake) {
  Span& span = intake.begin_span();
  uint64_t start_ns = 0, end_ns = 0;
  std::string_view reason;
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.wire() == ProtoReader::Length)
      reason = read_bytes_field(reader, span, intake);
    else if (reader.wire() == ProtoReader::Varint)
      read_varint_field(reader, span);
    else if (reader.is(7, ProtoReader::Fixed64))
      start_ns = reader.number();
    else if (reader.is(8, ProtoReader::Fixed64))
      end_ns = reader.number();
    else if (reader.is(16, ProtoReader::Fixed32))
      span.otel_flags = static_cast<uint32_t>(reader.number());
    if (!reason.empty()) return refuse_span(intake, reason);
  }
  if (reader.failed()) return refuse_span(intake, kNotWhole);
  finish_span(intake, complete_span(intake, span, start_ns, end_ns));
}

// LogRecord: time 1, severity 2, severity text 3, body 5, attributes 6, dropped 7, flags 8, trace id 9, span id 10,
// observed time 11, event name 12.
void decode_proto_log(std::string_view message, Intake& intake) {
  LogRecord log;
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Fixed64))
      log.time_ns = log_time_or_note(reader.number(), intake);
    else if (reader.is(11, ProtoReader::Fixed64))
      log.observed_ns = log_time_or_note(reader.number(), intake);
    else if (reader.is(2, ProtoReader::Varint))
      log.severity = static_cast<int32_t>(reader.number());
    else if (reader.is(3, ProtoReader::Length))
      log.severity_text = intake.text(reader.bytes());
    else if (reader.is(5, ProtoReader::Length))
      log.body = body_text(proto_any_value(reader.bytes(), intake));
    else if (reader.is(6, ProtoReader::Length))
      add_proto_attribute(reader.bytes(), log.attributes, intake);
    else if (reader.is(7, ProtoReader::Varint))
      log.dropped_attributes = static_cast<uint32_t>(reader.number());
    else if (reader.is(8, ProtoReader::Fixed32))
      log.otel_flags = static_cast<uint32_t>(reader.number());
    else if (reader.is(9, ProtoReader::Length))
      log.trace_id = trace_id_or_note(proto_trace_id(reader.bytes()), intake);
    else if (reader.is(10, ProtoReader::Length))
      log.span_id = span_id_or_note(proto_span_id(reader.bytes()), intake);
    else if (reader.is(12, ProtoReader::Length))
      log.event_name = intake.text(reader.bytes());
  }
  if (reader.failed()) return intake.refuse(LedgerUnit::Log, kNotWhole);
  finish_log(std::move(log), intake);
}

}  // namespace culprit::otlp
