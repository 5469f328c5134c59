#include "ingest/registry/import.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

std::string request(const std::string& spans, const std::string& service = "shop") {
  return R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":")" + service +
         R"("}}]},"scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[)" + spans + "]}]}]}";
}
std::string span(const std::string& id, const std::string& more = "") {
  return R"({"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":")" + id +
         R"(","name":"GET /","startTimeUnixNano":"1000","endTimeUnixNano":3000)" + more + "}";
}
const std::string kGood = request(span("b7ad6b7169203331"));

RecordedSink import(const std::string& bytes, const ImportOptions& options = {}) {
  RecordedSink sink;
  auto summary = import_bytes(bytes, "test", sink, options);
  EXPECT_TRUE(summary.has_value()) << summary.error().message;
  return sink;
}

std::string gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

TEST(Import, TellsOneSpanWithItsResourceAndScope) {
  RecordedSink sink = import(kGood);
  ASSERT_EQ(sink.spans.size(), 1u);
  const Span& read = sink.spans[0];
  EXPECT_EQ(to_hex(read.trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id_hex(read.span_id), "b7ad6b7169203331");
  EXPECT_EQ(read.start_ns, 1000);
  EXPECT_EQ(read.duration_ns, 2000);
  EXPECT_EQ(read.service, "shop");
  EXPECT_EQ(read.source, "otlp-json");
  EXPECT_EQ(sink.resources[0].scope_name, "lib");
  EXPECT_TRUE(sink.ledger.empty());
}

TEST(Import, LosesOnlyTheDamagedLine) {
  RecordedSink sink = import(kGood + "\n{\"resourceSpans\":[{\n\n" + kGood + "\n");
  EXPECT_EQ(sink.spans.size(), 2u);
  ASSERT_EQ(sink.ledger.size(), 1u);
  EXPECT_EQ(sink.ledger[0].kind, "malformed");
  EXPECT_EQ(sink.ledger[0].unit, "line");
  EXPECT_EQ(sink.ledger[0].n, 1);
  EXPECT_EQ(sink.ledger[0].detail.substr(0, 8), "line 2: ");
}

TEST(Import, SurvivesADamagedFirstLine) {
  EXPECT_EQ(import(kGood.substr(0, 90) + "\n" + kGood).spans.size(), 1u);
  EXPECT_EQ(import("ol\":7}]}]}\n" + kGood).spans.size(), 1u);
}

TEST(Import, TakesRequestsHoweverTheyStand) {
  std::string pretty = kGood;
  for (size_t at = 0; (at = pretty.find(":[", at)) != std::string::npos; at += 4) pretty.insert(at + 2, "\n  ");
  for (const std::string& text : {kGood + kGood, kGood + " " + kGood + "\n", "[" + kGood + "," + kGood + "]",
                                  "[\n" + kGood + ",\n" + kGood + "\n]", pretty + "\n" + pretty,
                                  "\xef\xbb\xbf" + kGood + "\r\n" + kGood + "\r\n"}) {
    RecordedSink sink = import(text);
    EXPECT_EQ(sink.spans.size(), 2u) << text;
    EXPECT_TRUE(sink.ledger.empty()) << sink.ledger_lines()[0];
  }
}

TEST(Import, ReadsCompressedFilesOfSeveralParts) {
  EXPECT_EQ(import(gzip(kGood + "\n") + gzip(kGood)).spans.size(), 2u);
  EXPECT_EQ(import(zstd(kGood + "\n") + zstd(kGood)).spans.size(), 2u);
  EXPECT_EQ(import(gzip(kGood) + std::string(512, '\0')).spans.size(), 1u);
}

TEST(Import, KeepsWhatCameBeforeTheEndOfACutArchive) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += request(span("00000000000" + std::to_string(10'000 + i))) + "\n";
  for (const std::string& whole : {gzip(lines), zstd(lines)}) {
    RecordedSink sink = import(whole.substr(0, whole.size() * 9 / 10));
    EXPECT_GT(sink.spans.size(), 10'000u);
    EXPECT_LT(sink.spans.size(), 20'000u);
    ASSERT_FALSE(sink.ledger.empty());
    EXPECT_EQ(sink.ledger.back().unit, "file");
  }
}

TEST(Import, StopsUnpackingAtItsLimit) {
  ImportOptions options;
  options.max_decoded_bytes = 1'000'000;
  RecordedSink sink = import(zstd(std::string(50'000'000, ' ') + kGood), options);
  EXPECT_TRUE(sink.spans.empty());
  ASSERT_EQ(sink.ledger.size(), 1u);
  EXPECT_NE(sink.ledger[0].detail.find("more than 1000000 bytes"), std::string::npos);
}

TEST(Import, SkipsALineThatIsTooLong) {
  ImportOptions options;
  options.max_piece_bytes = 1000;
  RecordedSink sink = import(kGood + "\n" + request(std::string(3'000'000, ' ')) + "\n" + kGood, options);
  EXPECT_EQ(sink.spans.size(), 2u);
  ASSERT_EQ(sink.ledger.size(), 1u);
  EXPECT_EQ(sink.ledger[0].detail, "line 2: it is longer than 1 kB");
}

std::string span_number(int i) { return span("00000000000" + std::to_string(10'000 + i)); }

// A document may have any size; the limit applies to one span.
TEST(Import, TakesADocumentThatIsLongerThanTheLimit) {
  auto document_of = [](const std::string& separator) {
    std::string spans = span_number(0);
    for (int i = 1; i < 60'000; ++i) spans += separator + span_number(i);
    std::string document = request(spans);
    return document.insert(document.size() - 3, R"(,"schemaUrl":"late")");
  };
  std::string document = document_of(",\n ");
  ImportOptions options;
  options.max_piece_bytes = 100'000;
  for (const std::string& text : {document, document + "\n" + kGood + "\n", "[" + document + "," + kGood + "]",
                                  gzip("INFO - " + kGood) + gzip("\nINFO - " + document_of(","))}) {
    RecordedSink sink = import(text, options);
    ASSERT_GE(sink.spans.size(), 60'000u);
    EXPECT_EQ(sink.spans.back().service, "shop");
    EXPECT_EQ(sink.spans[59'998].span_id, sink.spans[59'997].span_id + 1);
    EXPECT_TRUE(sink.ledger.empty()) << sink.ledger_lines()[0];
  }
  RecordedSink sink = import(document, options);
  EXPECT_EQ(sink.resources.back().schema_url, "late");
  EXPECT_EQ(sink.resources.front(), sink.resources.back());
}

TEST(Import, RefusesTheSpanThatIsLongerThanTheLimit) {
  ImportOptions options;
  options.max_piece_bytes = 5000;
  std::string spans = span_number(0);
  for (int i = 1; i < 100; ++i)
    spans += "," + (i == 50 ? span("00000000000000ff", R"(,"traceState":")" + std::string(6000, 'x') + "\"")
                            : span_number(i));
  RecordedSink sink;
  auto summary = import_bytes(request(spans), "t", sink, options);
  EXPECT_EQ(sink.spans.size(), 99u);
  EXPECT_EQ(summary.value().refused, 1);
}

TEST(Import, TakesALargeTraceOfJaegerWhoseProcessesComeLast) {
  std::string spans;
  for (int i = 1; i <= 20'000; ++i)
    spans += std::string(i > 1 ? "," : "") + R"({"traceID":"80319c","spanID":")" + std::to_string(100'000 + i) +
             R"(","operationName":"q","startTime":1661140377808000,"duration":5,"processID":"p1"})";
  ImportOptions options;
  options.max_piece_bytes = 100'000;
  RecordedSink sink = import(
      R"({"data":[{"traceID":"80319c","spans":[)" + spans + R"(],"processes":{"p1":{"serviceName":"db"}}}]})", options);
  ASSERT_EQ(sink.spans.size(), 20'000u);
  EXPECT_EQ(sink.spans[0].service, "db");
  EXPECT_EQ(sink.spans.back().service, "db");
  EXPECT_EQ(sink.spans.back().source, "jaeger");
}

TEST(Import, TakesWhatIsWholeOfADamagedDocument) {
  std::string spans = span_number(0) + "," + span_number(1) + "," + span_number(2);
  RecordedSink cut;
  auto summary = import_bytes(request(spans).substr(0, request(spans).size() - 30), "t", cut);
  EXPECT_EQ(cut.spans.size(), 2u);
  EXPECT_EQ(cut.spans.back().service, "shop");
  EXPECT_EQ(summary.value().refused, 1);
  EXPECT_EQ(cut.ledger.size(), 2u);
  RecordedSink damaged = import(request(span_number(0) + R"(,{"traceId":"x" "y"},)" + span_number(1)));
  EXPECT_EQ(damaged.spans.size(), 2u);
  EXPECT_EQ(damaged.ledger.size(), 2u);
}

TEST(Import, EndsSoonOnceItIsCancelled) {
  CancelToken token;
  ImportOptions options;
  options.cancel = &token;
  options.batch_rows = 10;
  options.progress = [&](const ImportSummary&) { token.request(); };
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += request(span_number(i)) + "\n";
  RecordedSink sink;
  auto summary = import_bytes(lines, "t", sink, options);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().kind, Error::Kind::Cancelled);
  EXPECT_EQ(sink.spans.size(), 10u);
}

TEST(Import, BatchesAreBounded) {
  ImportOptions options;
  options.batch_rows = 10;
  std::string spans = span("0000000000000001");
  for (int i = 1; i < 25; ++i) spans += "," + span("00000000000000" + std::to_string(10 + i));
  RecordedSink sink = import(request(spans), options);
  EXPECT_EQ(sink.spans.size(), 25u);
  EXPECT_EQ(sink.batches, 3u);
}

TEST(Import, SaysWhenItDoesNotKnowTheFormat) {
  RecordedSink sink;
  auto summary = import_bytes("GIF89a\1\0", "cat.gif", sink);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().message, "the format of 'cat.gif' is unknown");
  EXPECT_FALSE(import_file("/nonexistent", sink).has_value());
  EXPECT_EQ(import("").spans.size(), 0u);
}

}  // namespace
}  // namespace culprit
