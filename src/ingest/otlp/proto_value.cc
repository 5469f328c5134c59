#include "ingest/otlp/proto_value.h"

#include "base/cursor.h"
#include "ingest/otlp/any_value.h"
#include "ingest/otlp/proto_reader.h"
#include "ingest/otlp/span_checks.h"

namespace culprit::otlp {

namespace {

// AnyValue: string 1, bool 2, int 3, double 4, array 5, kvlist 6, bytes 7. KeyValue: key 1, value 2.
constexpr uint32_t kArray = 5, kMap = 6;

// The last member of an AnyValue counts, as it is a oneof.
struct Content {
  uint32_t field = 0;
  Value scalar;
  std::string_view nested;
  bool failed = false;
};

Content content_of(std::string_view any_value, Intake& intake) {
  Content content;
  ProtoReader reader(any_value);
  while (reader.next()) {
    Content read{reader.field(), {}, {}, false};
    if (reader.is(1, ProtoReader::Length))
      read.scalar = intake.text(reader.bytes());
    else if (reader.is(2, ProtoReader::Varint))
      read.scalar = reader.number() != 0;
    else if (reader.is(3, ProtoReader::Varint))
      read.scalar = static_cast<int64_t>(reader.number());
    else if (reader.is(4, ProtoReader::Fixed64))
      read.scalar = reader.real();
    else if (reader.is(7, ProtoReader::Length))
      read.scalar = Bytes{std::string(reader.bytes())};
    else if (reader.is(kArray, ProtoReader::Length) || reader.is(kMap, ProtoReader::Length))
      read.nested = reader.bytes();
    else
      continue;
    content = std::move(read);
  }
  content.failed = reader.failed();
  return content;
}

struct KeyValue {
  std::string_view key, value;
  bool failed = false;
};

KeyValue key_value_of(std::string_view message) {
  KeyValue read;
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Length)) read.key = reader.bytes();
    if (reader.is(2, ProtoReader::Length)) read.value = reader.bytes();
  }
  read.failed = reader.failed();
  return read;
}

void note_damage(Intake& intake) {
  intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "an attribute is not complete protobuf");
}

// Writes `any_value` as canonical JSON. kMaxNesting bounds the recursion.
void write_any(JsonWriter& json, std::string_view any_value, int depth, Intake& intake) {
  Content content = content_of(any_value, intake);
  if (content.failed) note_damage(intake);
  bool nested = content.field == kArray || content.field == kMap;
  if (nested && depth == kMaxNesting) {
    intake.note(LedgerKind::truncated, 1, "a value is nested deeper than 64 levels");
    nested = false;
  }
  if (!nested) return write_scalar(json, content.scalar);
  json.begin_object().key(content.field == kArray ? "arrayValue" : "kvlistValue");
  json.begin_object().key("values").begin_array();
  ProtoReader reader(content.nested);
  while (reader.next()) {
    if (!reader.is(1, ProtoReader::Length)) continue;
    if (content.field == kArray) {
      write_any(json, reader.bytes(), depth + 1, intake);
      continue;
    }
    KeyValue entry = key_value_of(reader.bytes());
    if (entry.failed) note_damage(intake);
    json.begin_object().member("key", intake.text(entry.key)).key("value");
    write_any(json, entry.value, depth + 1, intake);
    json.end_object();
  }
  if (reader.failed()) note_damage(intake);
  json.end_array().end_object().end_object();
}

}  // namespace

Value proto_any_value(std::string_view any_value, Intake& intake) {
  Content content = content_of(any_value, intake);
  if (content.failed) note_damage(intake);
  if (content.field != kArray && content.field != kMap) return std::move(content.scalar);
  JsonWriter json;
  write_any(json, any_value, 0, intake);
  return Nested{json.take()};
}

void add_proto_attribute(std::string_view key_value, Attributes& attributes, Intake& intake) {
  KeyValue read = key_value_of(key_value);
  if (read.failed) return note_damage(intake);
  attributes.push_back({intake.text(read.key), proto_any_value(read.value, intake)});
}

std::optional<TraceId> proto_trace_id(std::string_view bytes) {
  if (bytes.find_first_not_of('\0') == std::string_view::npos) return TraceId{};
  if (bytes.size() != kTraceIdBytes) return std::nullopt;
  Cursor cursor(bytes);
  uint64_t words[4];
  for (uint64_t& word : words) word = cursor.u32_be();
  return TraceId{words[0] << 32 | words[1], words[2] << 32 | words[3]};
}

std::optional<uint64_t> proto_span_id(std::string_view bytes) {
  if (bytes.find_first_not_of('\0') == std::string_view::npos) return 0;
  if (bytes.size() != kSpanIdBytes) return std::nullopt;
  Cursor cursor(bytes);
  uint64_t high = cursor.u32_be();
  return high << 32 | cursor.u32_be();
}

}  // namespace culprit::otlp
