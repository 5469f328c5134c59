#include "ingest/notation/notation.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

using notation::kEpoch_ns;

RecordedSink import(const std::string& text) {
  RecordedSink sink;
  auto summary = import_bytes(text, "t.txt", sink);
  EXPECT_TRUE(summary.has_value()) << summary.error().message;
  return sink;
}

TEST(Notation, ReadsATreeOfSpans) {
  RecordedSink sink = import("web GET /cart 0..31 kind=server host=h1\n  cart Get Cart 1.5..30 # inside\n");
  ASSERT_EQ(sink.spans.size(), 2u);
  const Span &root = sink.spans[0], &child = sink.spans[1];
  EXPECT_EQ(root.service, "web");
  EXPECT_EQ(root.name, "GET /cart");
  EXPECT_EQ(root.start_ns, kEpoch_ns);
  EXPECT_EQ(root.duration_ns, 31'000'000);
  EXPECT_EQ(root.kind, SpanKind::Server);
  EXPECT_EQ(root.host, "h1");
  EXPECT_EQ(root.parent_span_id, 0u);
  EXPECT_EQ(child.name, "Get Cart");
  EXPECT_EQ(child.trace_id, root.trace_id);
  EXPECT_EQ(child.parent_span_id, root.span_id);
  EXPECT_EQ(child.start_ns, kEpoch_ns + 1'500'000);
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(Notation, ReadsSpanEvents) {
  RecordedSink sink =
      import("web GET 0..31 error event=exception event.exception.type=IOError event=retry event.n=2\n");
  ASSERT_EQ(sink.spans.size(), 1u);
  const std::vector<SpanEvent>& events = sink.spans[0].events;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, "exception");
  EXPECT_EQ(events[0].time_ns, kEpoch_ns + 31'000'000);
  EXPECT_EQ(find_text(events[0].attributes, "exception.type"), "IOError");
  EXPECT_EQ(find_integer(events[1].attributes, "n", 0), 2);
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(Notation, ReadsTheMachine) {
  RecordedSink sink = import(
      "@host h1 0..20000 cpus=4 busy=21000.5\n@process 300 node running=7000 runnable=9 throttled=8 service=thumbs "
      "cgroup=/shop parent=1\n\nweb GET 0..1\n");
  ASSERT_EQ(sink.hosts.size(), 1u);
  EXPECT_EQ(sink.hosts[0].cpus, 4);
  EXPECT_EQ(sink.hosts[0].cpu_busy_ns, 21'000'500'000);
  EXPECT_EQ(sink.hosts[0].ended_ns - sink.hosts[0].started_ns, 20'000'000'000);
  ASSERT_EQ(sink.processes.size(), 1u);
  EXPECT_EQ(sink.processes[0].pid, 300);
  EXPECT_EQ(sink.processes[0].service, "thumbs");
  EXPECT_EQ(sink.processes[0].throttled_ns, 8'000'000);
  EXPECT_EQ(sink.spans.size(), 1u);
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(Notation, ADamagedLineAboutTheMachineCostsItself) {
  for (const char* line :
       {"@host", "@host h1 5", "@host h1 0..x", "@host h1 0..9 cpus=0", "@host h1 0..9 busy=-1",
        "@host h1 0..9 disks=1", "@process", "@process 0 node", "@process 7", "@process 7 a running",
        "@process 7 a running=-1", "@process 7 a parent=x", "@process 7 a size=1", "web GET 0..1 event.type=x"}) {
    RecordedSink sink = import(std::string(line) + "\n\nweb GET 0..1\n");
    EXPECT_EQ(sink.spans.size(), 1u) << line;
    EXPECT_TRUE(sink.hosts.empty() && sink.processes.empty()) << line;
    ASSERT_EQ(sink.ledger.size(), 1u) << line;
    EXPECT_EQ(sink.ledger[0].kind, "malformed") << line;
  }
}

TEST(Notation, RepeatsABlock) {
  RecordedSink sink = import("x3 at +60s every 250ms\n  web GET 0..1\n    db q 0..0.000001\n\nother job 0..1\n");
  ASSERT_EQ(sink.spans.size(), 7u);
  EXPECT_EQ(sink.spans[4].start_ns, kEpoch_ns + 60'500'000'000);
  EXPECT_EQ(sink.spans[5].duration_ns, 1);
  EXPECT_NE(sink.spans[0].trace_id, sink.spans[2].trace_id);
  EXPECT_EQ(sink.spans[6].start_ns, kEpoch_ns);
}

TEST(Notation, RepeatedBlocksShareNoTrace) {
  RecordedSink sink = import("x30\n  web GET 0..1\n\nx30 at +60s\n  web GET 0..1\n");
  std::set<std::pair<uint64_t, uint64_t>> traces;
  std::set<uint64_t> spans;
  for (const Span& span : sink.spans) {
    traces.insert({span.trace_id.high, span.trace_id.low});
    spans.insert(span.span_id);
  }
  EXPECT_EQ(traces.size(), 60u);
  EXPECT_EQ(spans.size(), 60u);
}

TEST(Notation, SameTextSameIdsWhateverTheComments) {
  RecordedSink one = import("web GET 0..1\n  db q 0..1\n"), two = import("# note\nweb GET 0..1\n# more\n  db q 0..1\n");
  ASSERT_EQ(two.spans.size(), 2u);
  EXPECT_EQ(one.spans[1].span_id, two.spans[1].span_id);
  EXPECT_EQ(one.spans[1].trace_id, two.spans[1].trace_id);
}

TEST(Notation, TypesAttributes) {
  using namespace std::string_literals;
  RecordedSink sink =
      import(R"(db q 0..1 rows=3 ratio=-0.5 ok=true code="3" v=1.2.3 text="a \"b\" #c" empty= peer=db)");
  ASSERT_EQ(sink.spans.size(), 1u);
  EXPECT_EQ(sink.spans[0].attributes, (Attributes{{"rows", int64_t{3}},
                                                  {"ratio", -0.5},
                                                  {"ok", true},
                                                  {"code", "3"s},
                                                  {"v", "1.2.3"s},
                                                  {"text", "a \"b\" #c"s},
                                                  {"empty", ""s},
                                                  {"server.address", "db"s}}));
}

TEST(Notation, SaysWhatThreadsDid) {
  RecordedSink sink = import(
      "db UPDATE 0..50 kind=server pid=500 waits=running:1.5,lock:48 blocker=\"lock:48:501 UPDATE stock SET n = ?\" "
      "blocker=runnable:0.5:7 service.version=2 rows=3\n");
  ASSERT_EQ(sink.spans.size(), 1u);
  const Span& span = sink.spans[0];
  EXPECT_EQ(span.pid, 500);
  EXPECT_TRUE(span.waits.known);
  EXPECT_EQ(span.waits[Wait::Running], 1'500'000);
  EXPECT_EQ(span.waits[Wait::Lock], 48'000'000);
  EXPECT_EQ(span.blockers, (std::vector<Blocker>{{Wait::Lock, 501, 0, 48'000'000, 1, "UPDATE stock SET n = ?"},
                                                 {Wait::Runnable, 7, 0, 500'000, 1, ""}}));
  EXPECT_EQ(span.attributes, (Attributes{{"rows", int64_t{3}}}));
  for (const char* wrong : {"pid=0", "pid=x", "waits=", "waits=lock", "waits=lock:-1", "waits=asleep:1",
                            "blocker=lock:1", "blocker=lock:1:x", "blocker=lock:1e9:1", "blocker="})
    EXPECT_EQ(import("db UPDATE 0..50 " + std::string(wrong) + "\n\nweb GET 0..1\n").spans.size(), 1u) << wrong;
}

TEST(Notation, LostSpansMakeOrphans) {
  RecordedSink sink = import("web GET 0..9\n  cart gone 1..8 lost\n    db q 2..3\n");
  ASSERT_EQ(sink.spans.size(), 2u);
  EXPECT_NE(sink.spans[1].parent_span_id, 0u);
  EXPECT_NE(sink.spans[1].parent_span_id, sink.spans[0].span_id);
}

TEST(Notation, JoinsBlocksByTraceAndParent) {
  RecordedSink sink =
      import("web GET 0..9 trace=t id=a\n\nworker job 3..4 trace=t parent=a\n\nother x 0..1 parent=nowhere\n");
  ASSERT_EQ(sink.spans.size(), 3u);
  EXPECT_EQ(sink.spans[1].trace_id, sink.spans[0].trace_id);
  EXPECT_EQ(sink.spans[1].parent_span_id, sink.spans[0].span_id);
  EXPECT_NE(sink.spans[2].parent_span_id, 0u);
  RecordedSink literal = import("web GET 0..9 trace=0af7651916cd43dd8448eb211c80319c id=b7ad6b7169203331\n");
  EXPECT_EQ(to_hex(literal.spans.at(0).trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id_hex(literal.spans.at(0).span_id), "b7ad6b7169203331");
}

TEST(Notation, ShiftsAHostsClock) {
  RecordedSink sink = import("web GET 0..9 host=a\n  db q 1..2 host=b clock=+200ms\n  db r 3..4 host=b\n");
  ASSERT_EQ(sink.spans.size(), 3u);
  EXPECT_EQ(sink.spans[0].start_ns, kEpoch_ns);
  EXPECT_EQ(sink.spans[1].start_ns, kEpoch_ns + 201'000'000);
  EXPECT_EQ(sink.spans[2].start_ns, kEpoch_ns + 203'000'000);
}

TEST(Notation, WritesErrorsAndLogs) {
  RecordedSink sink = import("web GET 0..9 error=\"out of cheese\" log=\"redo from start\"\nweb b 0..1 error\n");
  ASSERT_EQ(sink.logs.size(), 1u);
  EXPECT_EQ(sink.logs[0].body, "redo from start");
  EXPECT_EQ(sink.logs[0].span_id, sink.spans[0].span_id);
  EXPECT_EQ(sink.spans[0].status_message, "out of cheese");
  EXPECT_EQ(sink.spans[1].status, SpanStatus::Error);
}

TEST(Notation, ADamagedLineCostsItself) {
  auto reason = [](const std::string& line) {
    RecordedSink sink = import("web GET 0..9\n" + line + "\nweb last 0..1\n");
    EXPECT_EQ(sink.spans.size(), 2u) << line;
    return sink.ledger.empty() ? "" : sink.ledger[0].unit + " " + sink.ledger[0].detail;
  };
  EXPECT_EQ(reason("  just words"), "line line 2: it has no from..to in milliseconds");
  EXPECT_EQ(reason("   db q 0..1"), "line line 2: a child must be indented two more than its parent");
  EXPECT_EQ(reason("\tdb q 0..1"), "line line 2: it is indented with a tab");
  EXPECT_EQ(reason("  db 0..1"), "line line 2: it has no name between service and from..to");
  EXPECT_EQ(reason("  db q 0..1 eror"), "line line 2: 'eror' is neither key=value nor error nor lost");
  EXPECT_EQ(reason("  db q 0..1 kind=boss"),
            "line line 2: 'boss' is not a kind: internal, server, client, producer, consumer");
  EXPECT_EQ(reason("  db q 0..1 a=\"b"), "line line 2: a quote is not closed");
  EXPECT_EQ(reason("  db q 0..1.0000001"), "line line 2: it has no from..to in milliseconds");
  EXPECT_EQ(reason("x2000000"), "line line 2: 'x2000000' is not between x1 and x1000000");
}

TEST(Notation, WhatStandsUnderADamagedLineIsAnOrphan) {
  RecordedSink sink = import("web GET 0..9\n  broken\n    db q 0..1\n");
  ASSERT_EQ(sink.spans.size(), 2u);
  EXPECT_NE(sink.spans[1].parent_span_id, 0u);
  EXPECT_NE(sink.spans[1].parent_span_id, sink.spans[0].span_id);
}

}  // namespace
}  // namespace culprit
