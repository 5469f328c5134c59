#include "ingest/zipkin/zipkin.h"

#include <gtest/gtest.h>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

const std::string kClient =
    R"({"traceId":"5982fe77008310cc80f1da5e10147517","id":"bd7a977555f6b982","name":"get /api","kind":"CLIENT","timestamp":1472470996199000,"duration":207000,)"
    R"("localEndpoint":{"serviceName":"frontend","ipv4":"127.0.0.1"},"remoteEndpoint":{"serviceName":"backend","ipv4":"10.0.0.2","port":9000},)"
    R"("annotations":[{"timestamp":1472470996238000,"value":"foo"}],"tags":{"http.path":"/api","error":"503"}})";
const std::string kServer =
    R"({"traceId":"5982fe77008310cc80f1da5e10147517","parentId":"0","id":"bd7a977555f6b982","name":"get /api","kind":"SERVER","timestamp":1472470996250000,)"
    R"("duration":100000,"localEndpoint":{"serviceName":"backend"},"shared":true})";

RecordedSink import(const std::string& text) {
  RecordedSink sink;
  auto summary = import_bytes(text, "z.json", sink);
  EXPECT_TRUE(summary.has_value());
  EXPECT_EQ(summary.value().format, "zipkin") << text;
  return sink;
}

TEST(Zipkin, KeepsClientAndServerThatShareAnIdAsSent) {
  for (const std::string& text :
       {"[" + kClient + "," + kServer + "]", "[[" + kClient + "],[" + kServer + "]]\n", kClient + "\n" + kServer}) {
    RecordedSink sink = import(text);
    ASSERT_EQ(sink.spans.size(), 2u);
    const Span &client = sink.spans[0], &server = sink.spans[1];
    EXPECT_EQ(to_hex(client.trace_id), "5982fe77008310cc80f1da5e10147517");
    EXPECT_EQ(client.span_id, server.span_id);
    EXPECT_EQ(server.parent_span_id, 0u);
    EXPECT_EQ(client.kind, SpanKind::Client);
    EXPECT_EQ(client.service, "frontend");
    EXPECT_EQ(client.start_ns, 1472470996199000000);
    EXPECT_EQ(client.duration_ns, 207'000'000);
    EXPECT_EQ(client.status, SpanStatus::Error);
    EXPECT_EQ(client.status_message, "503");
    EXPECT_EQ(client.events.at(0).name, "foo");
    EXPECT_EQ(find_text(client.attributes, "peer.service"), "backend");
    EXPECT_EQ(find_integer(client.attributes, "net.peer.port", 0), 9000);
    EXPECT_EQ(server.kind, SpanKind::Server);
    EXPECT_EQ(server.service, "backend");
    EXPECT_EQ(*find(server.attributes, "zipkin.shared"), Value(true));
    EXPECT_TRUE(sink.ledger.empty());
  }
}

TEST(Zipkin, ReadsVersion1) {
  RecordedSink sink = import(
      R"([{"traceId":"5e1b","id":"5e1b","name":"get","annotations":[{"timestamp":1472470996199000,"value":"sr","endpoint":{"serviceName":"old"}},)"
      R"({"timestamp":1472470996200500,"value":"ss","endpoint":{"serviceName":"old"}}],"binaryAnnotations":[{"key":"http.path","value":"/x"}]}])");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].service, "old");
  EXPECT_EQ(sink.spans[0].kind, SpanKind::Server);
  EXPECT_EQ(sink.spans[0].duration_ns, 1'500'000);
  EXPECT_EQ(find_text(sink.spans[0].attributes, "http.path"), "/x");
}

TEST(Zipkin, RefusesOnlyTheSpanThatIsNone) {
  RecordedSink sink = import(
      "[" + kClient +
      R"(,{"traceId":"0","id":"1","timestamp":1},{"traceId":"1","id":"1"},{"traceId":"1","id":"1","timestamp":"soon"},)" +
      R"({"traceId":"1","id":"2","timestamp":5}])");
  EXPECT_EQ(sink.spans.size(), 2u);
  EXPECT_EQ(sink.spans[1].flags, kUnfinished);
  int64_t refused = 0;
  for (const LedgerRow& row : sink.ledger) refused += row.kind == "refused" ? row.n : 0;
  EXPECT_EQ(refused, 3);
}

}  // namespace
}  // namespace culprit
