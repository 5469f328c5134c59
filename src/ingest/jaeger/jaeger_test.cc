#include "ingest/jaeger/jaeger.h"

#include <gtest/gtest.h>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

const std::string kTrace = R"({"traceID":"80319c","spans":[
  {"traceID":"80319c","spanID":"1","operationName":"GET /","references":[],"startTime":1661140377807000,"duration":2000,"processID":"p1","flags":1,
   "tags":[{"key":"span.kind","type":"string","value":"server"},{"key":"error","type":"bool","value":true},{"key":"n","type":"int64","value":"7"}],
   "logs":[{"timestamp":1661140377807001,"fields":[{"key":"event","type":"string","value":"retry"}]}]},
  {"traceID":"80319c","spanID":"2","operationName":"q","references":[{"refType":"CHILD_OF","traceID":"80319c","spanID":"1"},{"refType":"FOLLOWS_FROM","traceID":"aa","spanID":"9"}],
   "startTime":1661140377808000,"duration":5,"processID":"p2"},
  {"traceID":"80319c","spanID":"000","operationName":"bad","startTime":1,"duration":1,"processID":"p1"}],
  "processes":{"p1":{"serviceName":"web","tags":[{"key":"host.name","type":"string","value":"h1"}]},"p2":{"serviceName":"db"}}})";

TEST(Jaeger, ReadsATraceAsItsUiDownloadsIt) {
  for (const std::string& text : {"{\"data\":[" + kTrace + "]}", kTrace}) {
    RecordedSink sink;
    auto summary = import_bytes(text, "t.json", sink);
    ASSERT_TRUE(summary.has_value());
    EXPECT_EQ(summary.value().source, "jaeger:t.json");
    ASSERT_EQ(sink.spans.size(), 2u);
    const Span &root = sink.spans[0], &child = sink.spans[1];
    EXPECT_EQ(to_hex(root.trace_id), "0000000000000000000000000080319c");
    EXPECT_EQ(root.service, "web");
    EXPECT_EQ(root.host, "h1");
    EXPECT_EQ(root.kind, SpanKind::Server);
    EXPECT_EQ(root.status, SpanStatus::Error);
    EXPECT_EQ(root.start_ns, 1661140377807000000);
    EXPECT_EQ(root.duration_ns, 2'000'000);
    EXPECT_EQ(find_integer(root.attributes, "n", 0), 7);
    EXPECT_EQ(root.events.at(0).name, "retry");
    EXPECT_EQ(child.parent_span_id, 1u);
    EXPECT_EQ(child.service, "db");
    EXPECT_EQ(child.links.at(0).span_id, 9u);
    EXPECT_EQ(summary.value().refused, 1);
  }
}

RecordedSink import(const std::string& text) {
  RecordedSink sink;
  auto summary = import_bytes(text, "t.json", sink);
  EXPECT_TRUE(summary.has_value());
  EXPECT_EQ(summary.value().format, "jaeger");
  return sink;
}

TEST(Jaeger, ReadsOneTraceAsDataAndWithoutProcesses) {
  std::string span =
      R"({"traceID":"80319c","spanID":"1","operationName":"GET /","startTime":1661140377807000,"duration":2000,)"
      R"("processID":"p1","warnings":["clock skew adjusted"]})";
  RecordedSink one = import(R"({"data":{"traceID":"80319c","spans":[)" + span + R"(]},"errors":null})");
  ASSERT_EQ(one.spans.size(), 1u);
  EXPECT_EQ(one.spans[0].service, "");
  EXPECT_EQ(find_text(one.spans[0].attributes, "jaeger.warnings"), R"(["clock skew adjusted"])");
  EXPECT_EQ(
      import(R"({"data":[{"traceID":"80319c","spans":[)" + span + R"(],"processes":null,"warnings":["x"]}],"total":0})")
          .spans.size(),
      1u);
}

TEST(Jaeger, ReadsLoneSpansOfElasticsearch) {
  std::string source =
      R"({"traceID":"80319c","spanID":"a1","operationName":"q","startTime":1661140377808000,"duration":5,"process":{"serviceName":"db","tags":[]}})";
  RecordedSink sink = import(R"({"hits":{"total":2,"hits":[{"_index":"jaeger-span","_source":)" + source +
                             R"(},{"_source":)" + source + "}]}}");
  ASSERT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.spans[0].service, "db");
}

TEST(Jaeger, ReadsNumbersThatAreStringsAndIdsThatAreNoHexadecimal) {
  RecordedSink sink = import(
      R"({"traceID":"req-17","spans":[{"traceID":"req-17","spanID":"s/1","operationName":"a","startTime":"1661140377807001","duration":"2000","flags":"1","processID":"p1"},)"
      R"({"traceID":"req-17","spanID":"s/2","operationName":"b","references":[{"refType":"CHILD_OF","traceID":"req-17","spanID":"s/1"}],"startTime":1661140377807002,"duration":1.5,"processID":"p1"}],)"
      R"("processes":{"p1":{"serviceName":"web"}}})");
  ASSERT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.spans[0].start_ns, 1661140377807001000);
  EXPECT_EQ(sink.spans[0].duration_ns, 2'000'000);
  EXPECT_EQ(sink.spans[1].duration_ns, 1500);
  EXPECT_EQ(sink.spans[1].parent_span_id, sink.spans[0].span_id);
  EXPECT_EQ(sink.spans[1].trace_id, sink.spans[0].trace_id);
  EXPECT_EQ(sink.ledger.at(0).kind, "id_hashed");
}

}  // namespace
}  // namespace culprit
