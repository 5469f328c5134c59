// The same request, written as JSON and as protobuf, must give the same rows.
#include "ingest/otlp/proto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "base/json.h"
#include "ingest/registry/import.h"
#include "ingest/shared/base64.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

// Writes protobuf fields according to the specification of the encoding, independently of the reader under test.
struct Message {
  std::string bytes;

  Message& varint(uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
    bytes += static_cast<char>(number);
    return *this;
  }
  Message& number(uint64_t field, uint64_t value) { return varint(field << 3).varint(value); }
  Message& fixed64(uint64_t field, uint64_t value) {
    varint(field << 3 | 1);
    bytes.append(reinterpret_cast<const char*>(&value), 8);
    return *this;
  }
  Message& fixed32(uint64_t field, uint32_t value) {
    varint(field << 3 | 5);
    bytes.append(reinterpret_cast<const char*>(&value), 4);
    return *this;
  }
  Message& add(uint64_t field, const std::string& content) {
    varint(field << 3 | 2).varint(content.size());
    bytes += content;
    return *this;
  }
  Message& add(uint64_t field, const Message& content) { return add(field, content.bytes); }
};

// Writes random content in both encodings.
class Twins {
 public:
  explicit Twins(uint32_t seed) : random_(seed) {}

  struct Both {
    std::string json;
    Message proto;
  };

  Both any_value(int depth) {
    uint64_t kind = pick(depth < 3 ? 8 : 6);
    JsonWriter json;
    Message proto;
    if (kind == 0) {
      std::string text = word();
      json.begin_object().member("stringValue", text).end_object();
      proto.add(1, text);
    } else if (kind == 1) {
      bool truth = pick(2);
      json.begin_object().member("boolValue", truth).end_object();
      proto.number(2, truth);
    } else if (kind == 2) {
      auto integer = static_cast<int64_t>(random_());
      json.begin_object().member("intValue", std::to_string(integer)).end_object();
      proto.number(3, static_cast<uint64_t>(integer));
    } else if (kind == 3) {
      double real = static_cast<double>(pick(1000)) / 8;
      uint64_t bits;
      std::memcpy(&bits, &real, 8);
      json.begin_object().member("doubleValue", real).end_object();
      proto.fixed64(4, bits);
    } else if (kind == 4) {
      std::string bytes = word() + std::string(1, '\0') + "\xff";
      json.begin_object().member("bytesValue", to_base64(bytes)).end_object();
      proto.add(7, bytes);
    } else if (kind == 5) {
      json.begin_object().end_object();
    } else {
      std::string values;
      Message list;
      for (uint64_t n = pick(3); n > 0; --n) {
        Both inner = kind == 6 ? any_value(depth + 1) : key_value(depth + 1);
        values += (values.empty() ? "" : ",") + inner.json;
        list.add(1, inner.proto);
      }
      json.begin_object()
          .key(kind == 6 ? "arrayValue" : "kvlistValue")
          .raw("{\"values\":[" + values + "]}")
          .end_object();
      proto.add(kind == 6 ? 5 : 6, list);
    }
    return {json.take(), proto};
  }
  Both key_value(int depth) {
    std::string key = word();
    Both value = any_value(depth);
    JsonWriter json;
    json.begin_object().member("key", key).key("value").raw(value.json).end_object();
    return {json.take(), Message().add(1, key).add(2, value.proto)};
  }
  // Writes a list of `n` results of `make`, under `name` and `field`, in both encodings.
  template <class Make>
  void list(Both& into, const char* name, uint64_t field, uint64_t n, Make make) {
    into.json += std::string(",\"") + name + "\":[";
    for (uint64_t i = 0; i < n; ++i) {
      Both one = make();
      into.json += (i ? "," : "") + one.json;
      into.proto.add(field, one.proto);
    }
    into.json += "]";
  }
  Both span() {
    TraceId trace{random_(), random_()};
    uint64_t id = pick(10) ? random_() : 0, parent = pick(2) ? random_() : 0, start = random_() >> 2,
             end = start + pick(1000);
    std::string name = word(), state = pick(2) ? "ot=th:8" : "", message = word();
    uint64_t kind = pick(6), status = pick(3), flags = pick(0x400), dropped = pick(3);
    Both both;
    both.json = "{\"traceId\":\"" + to_hex(trace) + "\",\"spanId\":\"" + span_id_hex(id) + "\",\"parentSpanId\":\"" +
                (parent ? span_id_hex(parent) : "") + "\",\"name\":" + json_quoted(name) +
                ",\"kind\":" + std::to_string(kind) + ",\"startTimeUnixNano\":\"" + std::to_string(start) +
                "\",\"endTimeUnixNano\":\"" + std::to_string(end) + "\",\"traceState\":\"" + state +
                "\",\"flags\":" + std::to_string(flags) + ",\"droppedAttributesCount\":" + std::to_string(dropped) +
                ",\"status\":{\"code\":" + std::to_string(status) + ",\"message\":" + json_quoted(message) + "}";
    both.proto.add(1, id_bytes(trace.high) + id_bytes(trace.low))
        .add(2, id_bytes(id))
        .add(3, state)
        .add(4, parent ? id_bytes(parent) : "")
        .add(5, name);
    both.proto.number(6, kind)
        .fixed64(7, start)
        .fixed64(8, end)
        .number(10, dropped)
        .add(15, Message().add(2, message).number(3, status))
        .fixed32(16, static_cast<uint32_t>(flags));
    list(both, "attributes", 9, pick(5), [&] { return key_value(0); });
    list(both, "events", 11, pick(3), [&] { return event(); });
    list(both, "links", 13, pick(2), [&] { return link(); });
    both.json += "}";
    return both;
  }
  Both request() {
    Both scope{
        "{\"scope\":{\"name\":\"lib\",\"version\":\"2\"},\"schemaUrl\":\"u\"",
        Message().add(1, Message().add(1, std::string("lib")).add(2, std::string("2"))).add(3, std::string("u"))};
    list(scope, "spans", 2, 1 + pick(20), [&] { return span(); });
    scope.json += "}";
    Both resource{"{\"droppedAttributesCount\":1", Message().number(2, 1)};
    list(resource, "attributes", 1, pick(5), [&] { return key_value(0); });
    resource.json += "}";
    Both entry{"{\"resource\":" + resource.json + ",\"scopeSpans\":[" + scope.json + "]}",
               Message().add(1, resource.proto).add(2, scope.proto)};
    return {"{\"resourceSpans\":[" + entry.json + "]}", Message().add(1, entry.proto)};
  }

 private:
  Both event() {
    std::string name = word();
    Both both{"{\"timeUnixNano\":\"17\",\"name\":" + json_quoted(name), Message().fixed64(1, 17).add(2, name)};
    list(both, "attributes", 3, pick(3), [&] { return key_value(0); });
    both.json += "}";
    return both;
  }
  Both link() {
    uint64_t id = random_();
    TraceId trace{1, id};
    return {"{\"traceId\":\"" + to_hex(trace) + "\",\"spanId\":\"" + span_id_hex(id) + "\",\"flags\":3}",
            Message().add(1, id_bytes(1) + id_bytes(id)).add(2, id_bytes(id)).fixed32(6, 3)};
  }
  static std::string id_bytes(uint64_t id) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(id >> shift);
    return bytes;
  }
  uint64_t pick(uint64_t below) { return random_() % below; }
  std::string word() {
    static const std::string kWords[] = {"", "a", "db.query.text", "service.name", "ünï\"\\\n", "SELECT 1"};
    return kWords[pick(std::size(kWords))];
  }

  std::mt19937_64 random_;
};

RecordedSink import(const std::string& bytes) {
  RecordedSink sink;
  auto summary = import_bytes(bytes, "t", sink);
  EXPECT_TRUE(summary.has_value());
  return sink;
}

void expect_equal(const Span& a, const Span& b) {
  EXPECT_EQ(a.trace_id, b.trace_id);
  EXPECT_EQ(a.span_id, b.span_id);
  EXPECT_EQ(a.parent_span_id, b.parent_span_id);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.service, b.service);
  EXPECT_EQ(a.start_ns, b.start_ns);
  EXPECT_EQ(a.duration_ns, b.duration_ns);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.status_message, b.status_message);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.otel_flags, b.otel_flags);
  EXPECT_EQ(a.trace_state, b.trace_state);
  EXPECT_EQ(a.dropped_attributes, b.dropped_attributes);
  EXPECT_EQ(a.attributes, b.attributes);
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(a.links, b.links);
}

TEST(OtlpProto, GivesTheSameRowsAsJson) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Twins::Both both = Twins(seed).request();
    RecordedSink json = import(both.json), proto = import(both.proto.bytes);
    ASSERT_EQ(json.spans.size(), proto.spans.size());
    for (size_t i = 0; i < json.spans.size(); ++i) expect_equal(json.spans[i], proto.spans[i]);
    EXPECT_EQ(json.resources, proto.resources);
  }
}

std::string message_of(const Message& message) {
  std::string length;
  for (int shift = 24; shift >= 0; shift -= 8) length += static_cast<char>(message.bytes.size() >> shift);
  return length + message.bytes;
}

TEST(OtlpProto, ReadsMessagesBehindTheirLengths) {
  Twins twins(7);
  Twins::Both one = twins.request(), two = twins.request();
  RecordedSink apart = import(one.json + "\n" + two.json),
               together = import(message_of(one.proto) + message_of(two.proto));
  EXPECT_EQ(apart.spans.size(), together.spans.size());
  std::string cut = message_of(one.proto) + message_of(two.proto);
  RecordedSink sink = import(cut.substr(0, cut.size() - 3));
  EXPECT_EQ(sink.spans.size(), import(one.json).spans.size());
  std::vector<std::string> lines = sink.ledger_lines();
  EXPECT_NE(std::find(lines.begin(), lines.end(), "1 malformed request: message 2: the file ends inside it"),
            lines.end());
}

TEST(OtlpProto, ADamagedSpanCostsItself) {
  std::string id(16, 'a'), span_id(8, 'b');
  Message good = Message().add(1, id).add(2, span_id).fixed64(7, 5).fixed64(8, 9);
  Message cut = good;
  cut.bytes += "\x2a\x7f";  // a name of 127 bytes, which are missing
  Message scope = Message().add(2, good).add(2, cut).add(2, good);
  RecordedSink sink = import(Message().add(1, Message().add(2, scope)).bytes);
  EXPECT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.ledger_lines(), (std::vector<std::string>{"1 refused span: message 1: it is not complete protobuf"}));
}

TEST(OtlpProto, AHistogramMayHavePackedListsWithNothingInThem) {
  Message point = Message().fixed64(3, 7).fixed64(4, 0).add(6, std::string()).add(7, std::string());
  Message histogram = Message().add(1, std::string("latency")).add(9, Message().add(1, point));
  RecordedSink sink = import(Message().add(1, Message().add(2, Message().add(2, histogram))).bytes);
  ASSERT_EQ(sink.metrics.size(), 1u);
  EXPECT_EQ(sink.metrics[0].name, "latency");
}

TEST(OtlpProto, TellsTheSignalsApart) {
  Message log = Message().fixed64(1, 5).number(2, 9).add(5, Message().add(1, std::string("hello")));
  RecordedSink logs = import(Message().add(1, Message().add(2, Message().add(2, log))).bytes);
  ASSERT_EQ(logs.logs.size(), 1u);
  EXPECT_EQ(logs.logs[0].body, "hello");
  double value = 0.5;
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  Message gauge =
      Message().add(1, std::string("cpu")).add(5, Message().add(1, Message().fixed64(3, 7).fixed64(4, bits)));
  RecordedSink metrics = import(Message().add(1, Message().add(2, Message().add(2, gauge))).bytes);
  ASSERT_EQ(metrics.metrics.size(), 1u);
  EXPECT_EQ(metrics.metrics[0].value, 0.5);
}

}  // namespace
}  // namespace culprit
