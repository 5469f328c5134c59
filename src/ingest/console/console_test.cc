#include "ingest/console/console.h"

#include <gtest/gtest.h>

#include "ingest/console/script.h"
#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

struct Imported {
  RecordedSink sink;
  ImportSummary summary;
};
Imported import(const std::string& text) {
  Imported imported;
  auto summary = import_bytes(text, "app.log", imported.sink);
  EXPECT_TRUE(summary.has_value()) << summary.error().message;
  if (summary.has_value()) imported.summary = summary.value();
  EXPECT_EQ(imported.summary.format, "console");
  return imported;
}

constexpr std::string_view kPython = R"({
    "name": "GET /orders",
    "context": {
        "trace_id": "0x0af7651916cd43dd8448eb211c80319c",
        "span_id": "0xb7ad6b7169203331",
        "trace_state": "[]"
    },
    "kind": "SpanKind.SERVER",
    "parent_id": "0x00f067aa0ba902b7",
    "start_time": "2026-01-01T00:00:00.500000Z",
    "end_time": "2026-01-01T00:00:00.750000Z",
    "status": {
        "status_code": "ERROR",
        "description": "boom"
    },
    "attributes": {
        "http.response.status_code": 500,
        "list": ["a", "b"]
    },
    "events": [{"name": "exception", "timestamp": "2026-01-01T00:00:00.600000Z", "attributes": {"exception.type": "ValueError"}}],
    "links": [{"context": {"trace_id": "0x0af7651916cd43dd8448eb211c80319c", "span_id": "0x0000000000000001", "trace_state": "[]"}, "attributes": {}}],
    "resource": {
        "attributes": {
            "service.name": "shop"
        },
        "schema_url": ""
    }
}
)";

void expect_orders(const Span& span) {
  EXPECT_EQ(to_hex(span.trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id_hex(span.span_id), "b7ad6b7169203331");
  EXPECT_EQ(span_id_hex(span.parent_span_id), "00f067aa0ba902b7");
  EXPECT_EQ(span.name, "GET /orders");
  EXPECT_EQ(span.kind, SpanKind::Server);
  EXPECT_EQ(span.service, "shop");
  EXPECT_EQ(span.start_ns, 1767225600500000000);
  EXPECT_EQ(span.duration_ns, 250'000'000);
  EXPECT_EQ(span.status, SpanStatus::Error);
  EXPECT_EQ(span.status_message, "boom");
  EXPECT_EQ(to_text(*find(span.attributes, "http.response.status_code")), "500");
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].name, "exception");
  EXPECT_EQ(span.events[0].time_ns, 1767225600600000000);
  EXPECT_EQ(find_text(span.events[0].attributes, "exception.type"), "ValueError");
  ASSERT_EQ(span.links.size(), 1u);
  EXPECT_EQ(span.links[0].span_id, 1u);
}

TEST(Console, ReadsPythonBetweenOtherOutput) {
  std::string text = "INFO:     Started server process [4711]\n" + std::string(kPython) +
                     "INFO:     GET /orders 500\n" + std::string(kPython);
  Imported imported = import(text);
  ASSERT_EQ(imported.sink.spans.size(), 2u);
  expect_orders(imported.sink.spans[0]);
  EXPECT_EQ(imported.sink.spans[0].source, "console");
  EXPECT_FALSE(mostly_unread(imported.summary, "app.log"));
}

TEST(Console, ReadsGo) {
  std::string compact =
      R"({"Name":"GET /orders","SpanContext":{"TraceID":"0af7651916cd43dd8448eb211c80319c","SpanID":"b7ad6b7169203331","TraceFlags":"01","TraceState":"","Remote":false},)"
      R"("Parent":{"TraceID":"0af7651916cd43dd8448eb211c80319c","SpanID":"00f067aa0ba902b7","TraceFlags":"01","TraceState":"","Remote":true},"SpanKind":2,)"
      R"("StartTime":"2026-01-01T01:00:00.5+01:00","EndTime":"2026-01-01T01:00:00.750000000+01:00",)"
      R"("Attributes":[{"Key":"http.response.status_code","Value":{"Type":"INT64","Value":500}}],)"
      R"("Events":[{"Name":"exception","Attributes":[{"Key":"exception.type","Value":{"Type":"STRING","Value":"ValueError"}}],"DroppedAttributeCount":0,"Time":"2026-01-01T00:00:00.6Z"}],)"
      R"("Links":[{"SpanContext":{"TraceID":"0af7651916cd43dd8448eb211c80319c","SpanID":"0000000000000001"},"Attributes":null,"DroppedAttributeCount":0}],)"
      R"("Status":{"Code":"Error","Description":"boom"},"DroppedAttributes":1,"DroppedEvents":0,"DroppedLinks":0,"ChildSpanCount":0,)"
      R"("Resource":[{"Key":"service.name","Value":{"Type":"STRING","Value":"shop"}}],"InstrumentationScope":{"Name":"lib","Version":"1","SchemaURL":""}})";
  Imported imported = import("2026/01/01 started\n" + compact + "\n" + compact + "\n");
  ASSERT_EQ(imported.sink.spans.size(), 2u);
  expect_orders(imported.sink.spans[1]);
  EXPECT_EQ(imported.sink.spans[1].dropped_attributes, 1u);
  EXPECT_EQ(imported.sink.resources[1].scope_name, "lib");
}

TEST(Console, ReadsNode) {
  Imported imported = import(R"(Server listens on 8080
{
  resource: {
    attributes: {
      'service.name': 'shop',
      'process.command_args': [ '/usr/bin/node', "it's.js" ],
      'telemetry.sdk.language': 'nodejs'
    }
  },
  instrumentationScope: { name: 'lib', version: undefined, schemaUrl: undefined },
  traceId: '0af7651916cd43dd8448eb211c80319c',
  parentSpanContext: {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '00f067aa0ba902b7',
    traceFlags: 1,
    traceState: undefined
  },
  traceState: undefined,
  name: 'GET /orders',
  id: 'b7ad6b7169203331',
  kind: 1,
  timestamp: 1767225600500000,
  duration: 250000,
  attributes: { 'http.response.status_code': 500, text: 'a {\n' + 'b', list: [ 1, 2, ... 98 more items ] },
  status: { code: 2, message: 'boom' },
  events: [
    {
      name: 'exception',
      attributes: { 'exception.type': 'ValueError' },
      time: [ 1767225600, 600000000 ],
      droppedAttributesCount: 0
    }
  ],
  links: [
    {
      context: {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: '0000000000000001'
      },
      attributes: [Object]
    }
  ]
}
GET /orders 500
)");
  ASSERT_EQ(imported.sink.spans.size(), 1u);
  expect_orders(imported.sink.spans[0]);
  EXPECT_EQ(find_text(imported.sink.spans[0].attributes, "text"), "a {\nb");
  EXPECT_EQ(imported.sink.resources[0].scope_name, "lib");
  EXPECT_EQ(imported.sink.ledger_lines(), std::vector<std::string>{"2 other_text line: "});
}

TEST(Console, ReadsDotnet) {
  constexpr std::string_view kText = R"(info: Microsoft.Hosting.Lifetime[14]
      Now listening on: http://localhost:5000
Activity.TraceId:            0af7651916cd43dd8448eb211c80319c
Activity.SpanId:             b7ad6b7169203331
Activity.TraceFlags:         Recorded
Activity.ParentSpanId:       00f067aa0ba902b7
Activity.ActivitySourceName: Microsoft.AspNetCore
Activity.DisplayName:        GET /orders
Activity.Kind:               Server
Activity.StartTime:          2026-01-01T00:00:00.5000000Z
Activity.Duration:           00:00:00.2500000
Activity.Tags:
    http.response.status_code: 500
    url.full: http://localhost:5000/orders
StatusCode: Error
Activity.StatusDescription:  boom
Activity.Events:
    exception [2026-01-01 00:00:00.600 +00:00]
        exception.type: ValueError
Activity.Links:
    0af7651916cd43dd8448eb211c80319c 0000000000000001
Resource associated with Activity:
    service.name: shop

warn: between two spans
Activity.TraceId:            0af7651916cd43dd8448eb211c80319c
info: within one
Activity.SpanId:             b7ad6b7169203332
Activity.DisplayName:        second
Activity.StartTime:          soon
)";
  Imported imported = import(std::string(kText));
  ASSERT_EQ(imported.sink.spans.size(), 1u);
  expect_orders(imported.sink.spans[0]);
  EXPECT_EQ(imported.sink.resources[0].scope_name, "Microsoft.AspNetCore");
  EXPECT_EQ(find_text(imported.sink.spans[0].attributes, "url.full"), "http://localhost:5000/orders");
  EXPECT_EQ(imported.summary.refused, 1);
  EXPECT_EQ(imported.summary.text_lines, 4);
}

TEST(Console, SaysThatJavasLinesHaveNoTimes) {
  Imported imported = import(
      "Jan 01, 2026 12:00:00 AM io.opentelemetry.exporter.logging.LoggingSpanExporter export\n"
      "INFO: 'GET /orders' : 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 SERVER [tracer: lib:1.0] "
      "AttributesMap{data={http.method=GET}, capacity=128}\n");
  EXPECT_TRUE(imported.sink.spans.empty());
  EXPECT_EQ(imported.summary.refused, 1);
  EXPECT_EQ(imported.summary.text_lines, 1);
  auto error = mostly_unread(imported.summary, "app.log");
  ASSERT_TRUE(error);
  EXPECT_NE(error->fix.find("prints no times"), std::string::npos);
}

TEST(Console, TranslatesJavaScriptLiterals) {
  EXPECT_EQ(console::json_of_script("{ a: 'x\\'y\\n\\x41', 'b-c': undefined, n: -1.5e3, big: 12n, nan: NaN }"),
            R"({"a":"x'y\nA","b-c":null,"n":-1.5e3,"big":12,"nan":null})");
  EXPECT_EQ(console::json_of_script("SpanContext { l: [ 1, ... 2 more items ], o: [Object], f: [Function: f], m: "
                                    "[Object: null prototype] { x: true } }"),
            R"({"l":[1],"o":"[Object]","f":"[Function: f]","m":{"x":true}})");
  EXPECT_EQ(console::json_of_script("{ t: 2026-01-01T00:00:00.000Z, s: 'a' +\n 'b' +\n 'c', z: [] }"),
            R"({"t":"2026-01-01T00:00:00.000Z","s":"abc","z":[]})");
  for (const char* text : {"'", "'\\", "[", "[O", "<", "...", "{a:", "Map(", "-", "'a' +", "\\", "'\\x", "'\\u12"})
    console::json_of_script(text);
}

}  // namespace
}  // namespace culprit
