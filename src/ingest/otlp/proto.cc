#include "ingest/otlp/proto.h"

#include "ingest/otlp/proto_parts.h"
#include "ingest/otlp/proto_reader.h"
#include "ingest/otlp/proto_value.h"

namespace culprit::otlp {

namespace {

// Field numbers, the same in all three signals: request {resource_x = 1}, resource_x {resource = 1, scope_x = 2,
// schema_url = 3}, scope_x {scope = 1, items = 2, schema_url = 3}.
constexpr uint32_t kResourceEntries = 1, kResource = 1, kScopeEntries = 2, kScope = 1, kItems = 2, kSchemaUrl = 3;

void note_damage(Intake& intake, std::string_view what) {
  intake.note(LedgerKind::malformed, LedgerUnit::Request, 1,
              std::string(what) + " ends early or is not protobuf; the data after that point are lost");
}

// Determines the signal. Times are fixed64 in spans (fields 7, 8) and log records (1, 11), never in metrics. Metrics
// have a name (1), and their data in a message (5, 7, 9, 10 or 11).
SignalType signal_of_item(std::string_view item) {
  ProtoReader reader(item);
  bool named = false, data = false, span = false;
  while (reader.next()) {
    if (reader.is(7, ProtoReader::Fixed64) || reader.is(8, ProtoReader::Fixed64)) return SignalType::Traces;
    if (reader.is(1, ProtoReader::Fixed64) || reader.is(11, ProtoReader::Fixed64)) return SignalType::Logs;
    // severity_number is the only varint field with number 2.
    if (reader.is(2, ProtoReader::Varint)) return SignalType::Logs;
    if (reader.wire() != ProtoReader::Length) continue;
    uint32_t field = reader.field();
    if (field == 1) named = true;
    // 8 bytes in field 2 are a span id. A metric's description may have the same length; a metric is recognised by its
    // data field.
    if (field == 2 && reader.bytes().size() == 8) span = true;
    if (field == 7 || field == 10 || (!span && (field == 5 || field == 9 || field == 11))) data = true;
  }
  if (span && !data) return SignalType::Traces;
  if (!data) return SignalType::Unknown;
  return named ? SignalType::Metrics : SignalType::Logs;  // a log record without times has a body (5) or a trace id (9)
}

Resource decode_resource(std::string_view entry, Intake& intake) {
  Resource resource;
  ProtoReader reader(entry);
  while (reader.next()) {
    if (reader.is(kSchemaUrl, ProtoReader::Length)) resource.schema_url = intake.text(reader.bytes());
    if (!reader.is(kResource, ProtoReader::Length)) continue;
    ProtoReader fields(reader.bytes());
    while (fields.next()) {
      if (fields.is(1, ProtoReader::Length)) add_proto_attribute(fields.bytes(), resource.attributes, intake);
      if (fields.is(2, ProtoReader::Varint)) resource.dropped_attributes = static_cast<uint32_t>(fields.number());
    }
    if (fields.failed()) note_damage(intake, "a resource");
  }
  return resource;
}

// InstrumentationScope: name 1, version 2, attributes 3, dropped_attributes_count 4.
void add_scope(Resource& resource, std::string_view entry, Intake& intake) {
  ProtoReader reader(entry);
  while (reader.next()) {
    if (reader.is(kSchemaUrl, ProtoReader::Length)) resource.scope_schema_url = intake.text(reader.bytes());
    if (!reader.is(kScope, ProtoReader::Length)) continue;
    ProtoReader fields(reader.bytes());
    while (fields.next()) {
      if (fields.is(1, ProtoReader::Length)) resource.scope_name = intake.text(fields.bytes());
      if (fields.is(2, ProtoReader::Length)) resource.scope_version = intake.text(fields.bytes());
      if (fields.is(3, ProtoReader::Length)) add_proto_attribute(fields.bytes(), resource.scope_attributes, intake);
      if (fields.is(4, ProtoReader::Varint))
        intake.sum(LedgerKind::attributes_dropped, static_cast<uint32_t>(fields.number()), intake.resource().service);
    }
    if (fields.failed()) note_damage(intake, "a scope");
  }
}

Result<void> decode_scope(std::string_view entry, SignalType signal, Resource resource, Intake& intake) {
  add_scope(resource, entry, intake);
  intake.set_resource(std::move(resource));
  ProtoReader reader(entry);
  while (reader.next()) {
    if (!reader.is(kItems, ProtoReader::Length)) continue;
    if (signal == SignalType::Traces) decode_proto_span(reader.bytes(), intake);
    if (signal == SignalType::Logs) decode_proto_log(reader.bytes(), intake);
    if (signal == SignalType::Metrics) decode_proto_metric(reader.bytes(), intake);
    TRY(intake.flush_if_full());
  }
  if (reader.failed()) note_damage(intake, "a scope's list");
  return {};
}

Result<void> decode_entry(std::string_view entry, SignalType signal, Intake& intake) {
  Resource resource = decode_resource(entry, intake);
  intake.set_resource(resource);
  if (resource.dropped_attributes)
    intake.sum(LedgerKind::attributes_dropped, resource.dropped_attributes, intake.resource().service);
  ProtoReader reader(entry);
  while (reader.next())
    if (reader.is(kScopeEntries, ProtoReader::Length)) TRY(decode_scope(reader.bytes(), signal, resource, intake));
  if (reader.failed()) note_damage(intake, "a resource's list");
  return {};
}

}  // namespace

SignalType signal_of(std::string_view request) {
  ProtoReader entries(request);
  while (entries.next()) {
    if (!entries.is(kResourceEntries, ProtoReader::Length)) continue;
    ProtoReader scopes(entries.bytes());
    while (scopes.next()) {
      if (!scopes.is(kScopeEntries, ProtoReader::Length)) continue;
      ProtoReader items(scopes.bytes());
      while (items.next()) {
        if (!items.is(kItems, ProtoReader::Length)) continue;
        SignalType signal = signal_of_item(items.bytes());
        if (signal != SignalType::Unknown) return signal;
      }
    }
  }
  return SignalType::Unknown;
}

Result<void> decode_proto(std::string_view request, SignalType signal, Intake& intake) {
  ProtoReader reader(request);
  while (reader.next())
    if (reader.is(kResourceEntries, ProtoReader::Length)) TRY(decode_entry(reader.bytes(), signal, intake));
  if (reader.failed()) note_damage(intake, "a request");
  return {};
}

Result<void> decode_proto(std::string_view request, Intake& intake) {
  SignalType signal = signal_of(request);
  if (signal == SignalType::Unknown && !request.empty()) {
    ProtoReader reader(request);
    while (reader.next()) {
    }
    bool whole = !reader.failed();
    intake.piece_unread(LedgerUnit::Request,
                        whole ? "it holds no span, log record or metric" : "it is not complete protobuf");
    return {};
  }
  intake.piece_read();
  return decode_proto(request, signal, intake);
}

}  // namespace culprit::otlp
