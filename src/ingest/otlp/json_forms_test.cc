// OTLP in the forms that other programs print.
#include <gtest/gtest.h>

#include <sstream>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

RecordedSink import(const std::string& text) {
  RecordedSink sink;
  auto summary = import_bytes(text, "t.json", sink);
  EXPECT_TRUE(summary.has_value());
  EXPECT_EQ(summary.value().format, "otlp-json");
  EXPECT_FALSE(mostly_unread(summary.value(), "t.json"));
  return sink;
}

std::string span(const std::string& fields) {
  return R"({"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"GET /",)"
         R"("startTimeUnixNano":"1000","endTimeUnixNano":"3000")" +
         fields + "}";
}
std::string scope(const std::string& spans) { return R"({"scope":{"name":"lib"},"spans":[)" + spans + "]}"; }
std::string entry(const std::string& scopes) {
  return R"({"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[)" +
         scopes + "]}";
}
std::string request(const std::string& entries) { return R"({"resourceSpans":[)" + entries + "]}"; }
std::string request_of(const std::string& fields) { return request(entry(scope(span(fields)))); }

void expect_shop(const RecordedSink& sink) {
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].service, "shop");
  EXPECT_EQ(to_hex(sink.spans[0].trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id_hex(sink.spans[0].span_id), "b7ad6b7169203331");
  EXPECT_EQ(sink.spans[0].duration_ns, 2000);
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(OtlpJsonForms, EnumsByName) {
  RecordedSink sink =
      import(request_of(R"(,"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR","message":"x"})"));
  expect_shop(sink);
  EXPECT_EQ(sink.spans.at(0).kind, SpanKind::Client);
  EXPECT_EQ(sink.spans.at(0).status, SpanStatus::Error);
  EXPECT_EQ(import(request_of(R"(,"kind":"Server","status":{"code":"Ok"})")).spans.at(0).kind, SpanKind::Server);
  EXPECT_EQ(import(request_of(R"(,"kind":"3","status":{"code":"2"})")).spans.at(0).status, SpanStatus::Error);
  EXPECT_EQ(import(request_of(R"(,"status":"ERROR")")).spans.at(0).status, SpanStatus::Error);
}

TEST(OtlpJsonForms, AnEnumThatIsNoneCostsItself) {
  RecordedSink sink = import(request_of(R"(,"kind":"SPAN_KIND_MAGIC","status":{"code":[]})"));
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].kind, SpanKind::Unspecified);
  EXPECT_EQ(sink.ledger.size(), 2u);
}

TEST(OtlpJsonForms, SnakeCaseAndBase64) {
  RecordedSink sink = import(
      R"({"resource_spans":[{"resource":{"attributes":[{"key":"service.name","value":{"string_value":"shop"}}]},"scope_spans":[{"scope":{"name":"lib"},)"
      R"("schema_url":"s","spans":[{"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"t61rcWkgMzE=","parent_span_id":"AAAAAAAAAAE=","name":"GET /",)"
      R"("kind":"SPAN_KIND_SERVER","start_time_unix_nano":"1000","end_time_unix_nano":"3000","dropped_events_count":2,"trace_state":"a=b",)"
      R"("attributes":[{"key":"a","value":{"array_value":{"values":[{"int_value":"1"}]}}},{"key":"n","value":{"int_value":"7"}}],)"
      R"("events":[{"time_unix_nano":"5","name":"e"}],"links":[{"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"AAAAAAAAAAI="}]}]}]}]})");
  ASSERT_EQ(sink.spans.size(), 1u);
  const Span& read = sink.spans[0];
  EXPECT_EQ(to_hex(read.trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id_hex(read.span_id), "b7ad6b7169203331");
  EXPECT_EQ(read.parent_span_id, 1u);
  EXPECT_EQ(read.service, "shop");
  EXPECT_EQ(read.kind, SpanKind::Server);
  EXPECT_EQ(read.duration_ns, 2000);
  EXPECT_EQ(read.dropped_events, 2u);
  EXPECT_EQ(read.trace_state, "a=b");
  EXPECT_EQ(find_integer(read.attributes, "n", 0), 7);
  EXPECT_EQ(to_text(*find(read.attributes, "a")), R"({"arrayValue":{"values":[{"intValue":"1"}]}})");
  EXPECT_EQ(read.events.at(0).time_ns, 5);
  EXPECT_EQ(read.links.at(0).span_id, 2u);
  EXPECT_EQ(sink.resources.at(0).scope_schema_url, "s");
}

TEST(OtlpJsonForms, GoStructsAsJson) {
  RecordedSink sink = import(
      R"({"resource_spans":[{"resource":{"attributes":[{"key":"service.name","value":{"Value":{"StringValue":"shop"}}}]},"scope_spans":[{"spans":[)"
      R"({"trace_id":"CvdlGRbNQ92ESOshHIAxnA==","span_id":"t61rcWkgMzE=","start_time_unix_nano":1000,"end_time_unix_nano":3000,"kind":2,)"
      R"("attributes":[{"key":"n","value":{"Value":{"IntValue":7}}},{"key":"e","value":{"Value":null}}]}]}]}]})");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].service, "shop");
  EXPECT_EQ(find_integer(sink.spans[0].attributes, "n", 0), 7);
}

TEST(OtlpJsonForms, IdsWithPrefixDashesOrNoHexadecimalAtAll) {
  auto ids = [](const std::string& trace, const std::string& id, const std::string& parent) {
    return R"({"traceId":)" + trace + R"(,"spanId":)" + id + R"(,"parentSpanId":)" + parent +
           R"(,"name":"n","startTimeUnixNano":"1","endTimeUnixNano":"2"})";
  };
  RecordedSink sink = import(request(entry(
      scope(ids(R"("0x0af7651916cd43dd8448eb211c80319c")", R"("0xB7ad6b7169203331")", "null") + "," +
            ids(R"("0af76519-16cd-43dd-8448-eb211c80319c")", R"("b7ad-6b7169203332")", R"("0000000000000000")")))));
  ASSERT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.spans[0].trace_id, sink.spans[1].trace_id);
  EXPECT_EQ(span_id_hex(sink.spans[0].span_id), "b7ad6b7169203331");
  EXPECT_EQ(sink.spans[1].parent_span_id, 0u);
  EXPECT_TRUE(sink.ledger.empty());

  sink = import(request(entry(scope(ids(R"("order/17")", R"("root")", R"("")") + "," +
                                    ids(R"("order/17")", R"("child")", R"("root")") + "," + ids("4711", "12", "11")))));
  ASSERT_EQ(sink.spans.size(), 3u);
  EXPECT_EQ(sink.spans[1].parent_span_id, sink.spans[0].span_id);
  EXPECT_EQ(sink.spans[1].trace_id, sink.spans[0].trace_id);
  EXPECT_NE(sink.spans[1].span_id, sink.spans[0].span_id);
  EXPECT_EQ(sink.spans[2].trace_id, (TraceId{0, 4711}));
  EXPECT_EQ(sink.spans[2].parent_span_id, 11u);
  ASSERT_EQ(sink.ledger.size(), 1u);
  EXPECT_EQ(sink.ledger_lines()[0],
            "8 id_hashed value: line 1: an id is not hexadecimal: replaced by a hash of its text");
}

TEST(OtlpJsonForms, WithoutWhatIsAroundIt) {
  std::string one = entry(scope(span("")));
  expect_shop(import(one));
  expect_shop(import(one + "\n"));
  expect_shop(import(R"({"batches":[)" + one + "]}"));
  expect_shop(import(R"({"trace":{"batches":[)" + one + R"(]},"metrics":{},"status":"COMPLETE"})"));
  expect_shop(import(R"({"result":)" + request(one) + "}"));
  expect_shop(import("[" + request(one) + "]"));
  expect_shop(import("[[" + one + "]]\n"));
  EXPECT_EQ(import(scope(span(""))).spans.size(), 1u);
  EXPECT_EQ(import(span("")).spans.size(), 1u);
  EXPECT_EQ(import("[" + span("") + "," + span("") + "]").spans.size(), 2u);
}

TEST(OtlpJsonForms, BehindAPrefixAndInStrings) {
  std::string one = request(entry(scope(span(""))));
  expect_shop(import("12:00:01.5 [main] INFO {} exporter - " + one + "\n"));
  // java.util.logging prints two lines for each record; the first one contains no data.
  EXPECT_EQ(import("Dec 06, 2025 6:26:40 AM io.exporter logSpans\nINFO: " + entry(scope(span(""))) + "\n").spans.size(),
            1u);
  std::string pretty = "{\n  \"resourceSpans\": [\n" + entry(scope(span(""))) + "]\n}\n";
  EXPECT_EQ(import("INFO: " + pretty + "12:00 WARN - " + pretty).spans.size(), 2u);
  expect_shop(import("web-1  | " + one + "\x1b[0m\r\n"));
  std::string escaped;
  for (char c : one) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  expect_shop(import(R"({"log":")" + escaped + R"(\n","stream":"stdout","time":"2026-01-01T00:00:00Z"})" + "\n"));
}

TEST(OtlpJsonForms, TextBetweenALoggersLinesIsNoLoss) {
  std::string lines;
  for (int i = 0; i < 9; ++i) lines += "12:00:00 INFO server started, port " + std::to_string(i) + "\n";
  RecordedSink sink;
  auto summary = import_bytes(lines + "12:00:01 INFO exporter - " + request_of("") + "\n", "app.log", sink);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(summary.value().text_lines, 9);
  EXPECT_EQ(sink.ledger_lines(), std::vector<std::string>{"9 other_text line: "});
  EXPECT_FALSE(mostly_unread(summary.value(), "app.log"));
}

TEST(OtlpJsonForms, BehindAPrefixOnEachOfItsLines) {
  std::string pretty = "{\n  \"resourceSpans\": [\n" + entry(scope(span(""))) + "\n  ]\n}\n";
  auto prefixed = [](const std::string& text, auto prefix_of) {
    std::string out, line;
    std::istringstream in(text);
    for (int i = 0; std::getline(in, line); ++i) out += prefix_of(i) + line + "\n";
    return out;
  };
  auto compose = [](int) { return std::string("shop-1  | "); };
  std::string log = prefixed("starting {1}\n" + pretty + "done\n\n" + pretty, compose) + "db-1    | ready\n";
  RecordedSink sink = import(log);
  EXPECT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.ledger_lines(), std::vector<std::string>{"3 other_text line: "});
  auto clock = [](int i) { return "2026-01-01T00:00:0" + std::to_string(i % 10) + ".5Z INFO exporter - "; };
  EXPECT_EQ(import(prefixed(pretty, clock)).spans.size(), 1u);
  // Cut in the middle: complete parts are kept.
  std::string two = "{\n  \"resourceSpans\": [\n" + entry(scope(span("") + ",\n" + span(""))) + "\n  ]\n}\n";
  EXPECT_EQ(import(prefixed(two.substr(0, two.rfind("GET")), compose)).spans.size(), 1u);
}

TEST(OtlpJsonForms, InUtf16) {
  std::string one = request_of(R"(,"traceState":"größe 😀")");
  std::u16string wide;
  for (size_t i = 0; i < one.size(); ++i) {
    if (one.substr(i).starts_with("ö"))
      wide += u"ö", ++i;
    else if (one.substr(i).starts_with("ß"))
      wide += u"ß", ++i;
    else if (one.substr(i).starts_with("😀"))
      wide += u"😀", i += 3;
    else
      wide += static_cast<char16_t>(one[i]);
  }
  for (bool big_endian : {false, true}) {
    std::string bytes = big_endian ? "\xfe\xff" : "\xff\xfe";
    for (char16_t unit : wide + u"\r\n") {
      char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit);
      bytes += big_endian ? std::string{high, low} : std::string{low, high};
    }
    RecordedSink sink = import(bytes);
    expect_shop(sink);
    EXPECT_EQ(sink.spans.at(0).trace_state, "größe 😀");
    // An unpaired surrogate, and one additional byte.
    std::string broken = bytes;
    size_t at = broken.rfind(big_endian ? std::string("\xd8\x3d") : std::string("\x3d\xd8"));
    broken.erase(at, 2);
    sink = import(broken + "\n");
    EXPECT_EQ(sink.spans.at(0).trace_state, "größe \xef\xbf\xbd");
    EXPECT_EQ(sink.ledger.size(), 2u);
  }
}

// {"data":[{"result":{"trace":…}}]} and similar wrappers, complete or in parts.
TEST(OtlpJsonForms, WrappedInAnyCombination) {
  const std::string one = entry(scope(span("")));
  const std::vector<std::pair<std::string, std::string>> wrappings = {{R"({"trace":)", "}"},
                                                                      {R"({"result":)", "}"},
                                                                      {R"({"data":[)", R"(],"total":1})"},
                                                                      {R"({"batches":[)", "]}"},
                                                                      {"[", "]"}};
  std::vector<std::string> documents = {one, request(one), R"({"batches":[)" + one + "]}"};
  for (int depth = 0; depth < 3; ++depth) {
    std::vector<std::string> wrapped;
    for (const std::string& document : documents)
      for (auto& [before, after] : wrappings) wrapped.push_back(before + document + after);
    for (const std::string& document : wrapped) {
      RecordedSink sink;
      ASSERT_TRUE(import_bytes(document, "t", sink).has_value());
      EXPECT_EQ(sink.spans.size(), 1u) << document;
      ImportOptions options;
      options.max_piece_bytes = 250;
      RecordedSink in_parts;
      ASSERT_TRUE(import_bytes(document, "t", in_parts, options).has_value());
      EXPECT_EQ(in_parts.spans.size(), 1u) << document;
    }
    documents = std::move(wrapped);
  }
  std::string deep = request(one);
  for (int i = 0; i < 12; ++i)
    deep = wrappings[static_cast<size_t>(i) % 3].first + deep + wrappings[static_cast<size_t>(i) % 3].second;
  expect_shop(import(deep));
}

TEST(OtlpJsonForms, WhatIsNoEntryOfAListIsTold) {
  RecordedSink sink = import(R"({"resourceSpans":[{"spam":1},)" + entry(scope(span(""))) + "]}");
  EXPECT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.ledger.size(), 1u);
}

TEST(OtlpJsonForms, PlainAttributesAndTimesOfDay) {
  RecordedSink sink = import(request(
      R"({"resource":{"attributes":{"service.name":"shop"}},"scopeSpans":[{"scope":{},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",)"
      R"("spanId":"b7ad6b7169203331","startTimeUnixNano":"2026-01-01T00:00:00.5Z","endTimeUnixNano":"2026-01-01T02:00:00.75+02:00",)"
      R"("attributes":{"n":7,"s":"x"}}]}]})"));
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].service, "shop");
  EXPECT_EQ(sink.spans[0].start_ns, 1767225600500000000);
  EXPECT_EQ(sink.spans[0].duration_ns, 250'000'000);
  EXPECT_EQ(find_integer(sink.spans[0].attributes, "n", 0), 7);
}

TEST(OtlpJsonForms, LogsAndMetricsInSnakeCaseWithNames) {
  RecordedSink sink = import(
      R"({"resource_logs":[{"scope_logs":[{"log_records":[{"time_unix_nano":"7","severity_number":"SEVERITY_NUMBER_WARN2","body":{"string_value":"b"}}]}]}]})"
      "\n"
      R"({"resource_metrics":[{"scope_metrics":[{"metrics":[{"name":"m","exponential_histogram":{"aggregation_temporality":"AGGREGATION_TEMPORALITY_DELTA",)"
      R"("data_points":[{"time_unix_nano":"9","count":"3","sum":6,"zero_count":"1"}]}}]}]}]})");
  ASSERT_EQ(sink.logs.size(), 1u);
  EXPECT_EQ(sink.logs[0].severity, 14);
  EXPECT_EQ(sink.logs[0].time_ns, 7);
  ASSERT_EQ(sink.metrics.size(), 1u);
  EXPECT_EQ(find_text(sink.metrics[0].attributes, "otlp.temporality"), "delta");
  EXPECT_EQ(find_integer(sink.metrics[0].attributes, "otlp.count", 0), 3);
}

TEST(OtlpJsonForms, SaysWhatItCouldNotRead) {
  RecordedSink sink;
  auto other = import_bytes(R"({"level":"info","msg":"a"})"
                            "\n"
                            R"({"level":"info","msg":"b"})"
                            "\n",
                            "app.jsonl", sink);
  ASSERT_TRUE(other.has_value());
  auto error = mostly_unread(other.value(), "app.jsonl");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "nothing in 'app.jsonl' could be read");
  EXPECT_EQ(error->fix.substr(0, 61), R"(it looks like JSON objects with the members "level", "msg"; m)");

  auto refused = import_bytes(
      request(entry(scope(span(R"(,"spanId":"")") + "," + span(R"(,"spanId":"")") + "," + span("")))), "t", sink);
  EXPECT_EQ(mostly_unread(refused.value(), "t")->message,
            "less than half of 't' could be read: 1 of 3 spans, log records and metric points");
  EXPECT_FALSE(mostly_unread(import_bytes(R"({"resourceSpans":[]})", "t", sink).value(), "t"));
  EXPECT_TRUE(mostly_unread(import_bytes(R"({"resourceSpans":7})", "t", sink).value(), "t"));
}

}  // namespace
}  // namespace culprit
