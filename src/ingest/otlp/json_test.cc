#include "ingest/otlp/json.h"

#include <gtest/gtest.h>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

// Imports a request with one span that has the members `fields`.
RecordedSink import_span(const std::string& fields, const std::string& resource = "{}") {
  RecordedSink sink;
  auto summary = import_bytes(
      R"({"resourceSpans":[{"resource":)" + resource + R"(,"scopeSpans":[{"spans":[{)" + fields + "}]}]}]}", "t", sink);
  EXPECT_TRUE(summary.has_value());
  return sink;
}
const std::string kIds = R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331")";
const std::string kTimes = R"("startTimeUnixNano":"1661140377807000079","endTimeUnixNano":"1661140377813237965")";

std::string refusal(const std::string& fields) {
  RecordedSink sink = import_span(fields);
  EXPECT_TRUE(sink.spans.empty());
  for (const LedgerRow& row : sink.ledger)
    if (row.kind == "refused") return row.detail;
  return "not refused";
}

TEST(OtlpJson, RefusesASpanWithoutValidIds) {
  EXPECT_EQ(refusal(R"("traceId":"00000000000000000000000000000000","spanId":"b7ad6b7169203331",)" + kTimes),
            "line 1: the trace id is zero or missing");
  EXPECT_EQ(refusal(R"("traceId":"","spanId":"b7ad6b7169203331",)" + kTimes),
            "line 1: the trace id is zero or missing");
  EXPECT_EQ(refusal(R"("traceId":"b7ad6b7169203331","spanId":"b7ad6b7169203331",)" + kTimes),
            "line 1: the trace id is not 16 bytes");
  EXPECT_EQ(refusal(R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad",)" + kTimes),
            "line 1: the span id is not 8 bytes");
  EXPECT_EQ(refusal(R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":true,)" + kTimes),
            "line 1: the span id is not 8 bytes");
  EXPECT_EQ(refusal(R"("traceId":"0af7651916cd43dd8448eb211c80319c",)" + kTimes),
            "line 1: the span id is zero or missing");
  EXPECT_EQ(refusal(kIds + R"(,"startTimeUnixNano":"soon")"), "line 1: a time is not a number of nanoseconds");
}

TEST(OtlpJson, RefusesOnlyTheBadSpanOfARequest) {
  RecordedSink sink;
  std::string good = "{" + kIds + "," + kTimes + "}";
  auto summary =
      import_bytes(R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + good + ",{},7," + good + "]}]}]}", "t", sink);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary.value().spans, 2);
  EXPECT_EQ(summary.value().refused, 2);
}

TEST(OtlpJson, KeepsEveryFieldAsSent) {
  RecordedSink sink =
      import_span(kIds + "," + kTimes + R"(,"parentSpanId":"00F067AA0BA902B7","kind":3,"flags":769,"traceState":"a=b",
      "status":{"code":2,"message":"boom"},"droppedAttributesCount":3,"droppedEventsCount":2,"droppedLinksCount":1,"unknown":{"x":[1]},
      "events":[{"timeUnixNano":"5","name":"e","attributes":[{"key":"k","value":{"boolValue":true}}],"droppedAttributesCount":1}],
      "links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"0000000000000001","traceState":"c=d","flags":1}])");
  ASSERT_EQ(sink.spans.size(), 1u);
  const Span& span = sink.spans[0];
  EXPECT_EQ(span.parent_span_id, 0x00f067aa0ba902b7u);
  EXPECT_EQ(span.link, LinkHow::Reported);
  EXPECT_EQ(span.kind, SpanKind::Client);
  EXPECT_EQ(span.otel_flags, 769u);
  EXPECT_EQ(span.trace_state, "a=b");
  EXPECT_EQ(span.status, SpanStatus::Error);
  EXPECT_EQ(span.status_message, "boom");
  EXPECT_EQ(span.duration_ns, 6237886);
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].time_ns, 5);
  ASSERT_EQ(span.links.size(), 1u);
  EXPECT_EQ(span.links[0].span_id, 1u);
  EXPECT_EQ(sink.ledger_lines(), (std::vector<std::string>{"3 attributes_dropped value: ", "2 events_dropped value: ",
                                                           "1 links_dropped value: "}));
}

TEST(OtlpJson, TypesAttributes) {
  RecordedSink sink = import_span(
      kIds + "," + kTimes +
      R"(,"attributes":[{"key":"s","value":{"stringValue":"x"}},{"key":"i","value":{"intValue":"-9223372036854775808"}},
      {"key":"j","value":{"intValue":7}},{"key":"d","value":{"doubleValue":1}},{"key":"n","value":{"doubleValue":"-Infinity"}},{"key":"b","value":{"boolValue":false}},
      {"key":"y","value":{"bytesValue":"AP8="}},{"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"q\""},{}]}}},
      {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":0.5}}]}}},{"key":"e"},{"key":"e","value":{}}])");
  ASSERT_EQ(sink.spans.size(), 1u);
  using namespace std::string_literals;
  Attributes expected{{"s", "x"s},
                      {"i", std::numeric_limits<int64_t>::min()},
                      {"j", int64_t{7}},
                      {"d", 1.0},
                      {"n", -std::numeric_limits<double>::infinity()},
                      {"b", false},
                      {"y", Bytes{"\0\xff"s}},
                      {"a", Nested{R"({"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"q\""},{}]}})"}},
                      {"m", Nested{R"({"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":0.5}}]}})"}},
                      {"e", Value()},
                      {"e", Value()}};
  EXPECT_EQ(sink.spans[0].attributes, expected);
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(OtlpJson, ABadAttributeCostsItself) {
  RecordedSink sink = import_span(
      kIds + "," + kTimes +
      R"(,"attributes":[{"value":{"intValue":1}},{"key":"i","value":{"intValue":"many"}},{"key":"ok","value":{"boolValue":true}}])");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].attributes, (Attributes{{"i", Value()}, {"ok", true}}));
  EXPECT_EQ(sink.ledger.size(), 2u);
}

TEST(OtlpJson, CutsWhatIsNestedTooDeep) {
  std::string deep = R"({"stringValue":"x"})";
  for (int i = 0; i < 100; ++i) deep = R"({"arrayValue":{"values":[)" + deep + "]}}";
  RecordedSink sink = import_span(kIds + "," + kTimes + R"(,"attributes":[{"key":"a","value":)" + deep + "}]");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.ledger_lines(),
            (std::vector<std::string>{"1 truncated value: line 1: a value is nested deeper than 64 levels"}));
}

TEST(OtlpJson, MendsBrokenCharactersAndCountsThem) {
  RecordedSink sink = import_span(kIds + "," + kTimes + ",\"name\":\"a\xff\xfe b\",\"traceState\":\"\\ud800x\"");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].name, "a\ufffd\ufffd b");
  EXPECT_EQ(sink.spans[0].trace_state, "\ufffdx");
  EXPECT_EQ(sink.ledger_lines(), (std::vector<std::string>{"2 bad_utf8 value: line 1: "}));
}

TEST(OtlpJson, ASpanThatHadNotEndedIsNotNegative) {
  RecordedSink sink = import_span(kIds + R"(,"startTimeUnixNano":"5")");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].duration_ns, 0);
  EXPECT_EQ(sink.spans[0].flags, kUnfinished);
  EXPECT_EQ(sink.ledger[0].kind, "never_ended");
  EXPECT_EQ(import_span(kIds + R"(,"startTimeUnixNano":"5","endTimeUnixNano":"3")").spans[0].duration_ns, -2);
}

TEST(OtlpJson, NamesServicesThatHaveNoName) {
  auto service = [](const std::string& attributes) {
    return import_span(kIds + "," + kTimes, R"({"attributes":[)" + attributes + "]}").spans.at(0).service;
  };
  EXPECT_EQ(service(""), "");
  EXPECT_EQ(service(R"({"key":"service.name","value":{"stringValue":"unknown_service:java"}})"), "java");
  EXPECT_EQ(service(R"({"key":"service.name","value":{"stringValue":"unknown_service"}})"), "");
  EXPECT_EQ(service(R"({"key":"process.executable.name","value":{"stringValue":"node"}})"), "node");
}

TEST(OtlpJson, WeighsSampledSpans) {
  EXPECT_EQ(import_span(kIds + "," + kTimes + R"(,"traceState":"ot=th:8;rv:ffffffffffffff")").spans.at(0).weight, 2);
  EXPECT_EQ(import_span(kIds + "," + kTimes + R"(,"traceState":"x=y, ot=rv:c0000000000000;th:c")").spans.at(0).weight,
            4);
  RecordedSink sink = import_span(kIds + "," + kTimes + R"(,"traceState":"ot=th:8;rv:00000000000000")");
  EXPECT_EQ(sink.spans.at(0).weight, 1);
  EXPECT_EQ(sink.ledger.at(0).kind, "inconsistent_threshold");
}

TEST(OtlpJson, TakesLogsAndMetrics) {
  RecordedSink sink;
  auto summary = import_bytes(
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeLogs":[{"logRecords":[
      {"observedTimeUnixNano":"7","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"boom"},"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"0000000000000001"},
      {"timeUnixNano":"-1","body":{"intValue":3}}]}]}]}
{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeMetrics":[{"metrics":[
      {"name":"cpu","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"9","asDouble":0.5},{"timeUnixNano":"9","asInt":"4"},{"timeUnixNano":"9"},{"timeUnixNano":"9","asDouble":NaN}]}},
      {"name":"latency","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"9","count":"3","sum":6,"bucketCounts":["1","2"],"explicitBounds":[5]}]}}]}]}]})",
      "t", sink);
  ASSERT_TRUE(summary.has_value());
  ASSERT_EQ(sink.logs.size(), 2u);
  EXPECT_EQ(sink.logs[0].time_ns, 7);
  EXPECT_EQ(sink.logs[0].body, "boom");
  EXPECT_EQ(sink.logs[0].service, "s");
  EXPECT_EQ(sink.logs[1].body, "3");
  EXPECT_EQ(sink.logs[1].time_ns, 0);
  ASSERT_EQ(sink.metrics.size(), 4u);
  EXPECT_EQ(sink.metrics[1].value, 4);
  EXPECT_EQ(sink.metrics[3].value, 6);
  EXPECT_EQ(find_integer(sink.metrics[3].attributes, "otlp.count", 0), 3);
  EXPECT_EQ(to_text(*find(sink.metrics[3].attributes, "otlp.buckets")), R"({"counts":[1,2],"bounds":[5]})");
  EXPECT_EQ(summary.value().refused, 1);
}

}  // namespace
}  // namespace culprit
