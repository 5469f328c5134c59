#include "ingest/shared/redaction.h"

#include <gtest/gtest.h>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {
namespace {

const std::string kRequest =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"process.command_line","value":{"stringValue":"server --password hunter2"}}]},)"
    R"("scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"GET /reset?token=9f8Ab2kQ7xZz31LmPq","startTimeUnixNano":"1000","endTimeUnixNano":"3000","attributes":[)"
    R"({"key":"db.system","value":{"stringValue":"postgresql"}},{"key":"db.statement","value":{"stringValue":"SELECT * FROM users WHERE mail = 'jane@example.org' AND id = 4711"}},)"
    R"({"key":"url.full","value":{"stringValue":"https://jane:hunter2@shop.example/reset?token=9f8Ab2kQ7xZz31LmPq"}},)"
    R"({"key":"http.request.header.authorization","value":{"stringValue":"Basic amFuZTpodW50ZXIy"}},{"key":"db.query.parameter.0","value":{"stringValue":"jane@example.org"}},)"
    R"({"key":"note","value":{"stringValue":"used ghp_16C7e42F292c6912E7710c838347Ae178B4a once"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"12"}}]}]}]}]})"
    "\n"
    R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"7","body":{"stringValue":"token ghp_16C7e42F292c6912E7710c838347Ae178B4a\n  refused"}}]}]}]})"
    "\n";

RecordedSink import(Secrets secrets) {
  RecordedSink sink;
  ImportOptions options;
  options.secrets = secrets;
  EXPECT_TRUE(import_bytes(kRequest, "t", sink, options).has_value());
  return sink;
}

int64_t count(const RecordedSink& sink, std::string_view kind) {
  int64_t n = 0;
  for (const LedgerRow& row : sink.ledger) n += row.kind == kind ? row.n : 0;
  return n;
}

TEST(Redaction, LeavesNoSecretInAnyText) {
  RecordedSink sink = import(Secrets::Redacted);
  ASSERT_EQ(sink.spans.size(), 1u);
  std::string all = sink.spans[0].name + sink.logs.at(0).body;
  for (const Attribute& attribute : sink.spans[0].attributes)
    all += " " + attribute.key + "=" + to_text(attribute.value);
  for (const Attribute& attribute : sink.resources[0].attributes)
    all += " " + attribute.key + "=" + to_text(attribute.value);
  for (std::string_view secret : {"hunter2", "9f8Ab2kQ7xZz31LmPq", "jane", "4711", "ghp_", "amFuZT"})
    EXPECT_EQ(all.find(secret), std::string::npos) << secret << " in " << all;
  EXPECT_EQ(find_text(sink.spans[0].attributes, "db.statement"), "SELECT * FROM users WHERE mail = ? AND id = ?");
  EXPECT_EQ(find_text(sink.spans[0].attributes, "note"), "used ? once");
  EXPECT_EQ(find_integer(sink.spans[0].attributes, "gen_ai.usage.input_tokens", 0), 12);
  EXPECT_EQ(sink.logs[0].body, "token ?\n  refused");
  EXPECT_EQ(sink.spans[0].service, "shop");
  EXPECT_GE(count(sink, "redacted"), 7);
  EXPECT_EQ(count(sink, "secret_suspected"), 0);
}

TEST(Redaction, CountsWhatItSuspectsWhereItIsNotAsked) {
  RecordedSink sink = import(Secrets::AsSent);
  EXPECT_EQ(find_text(sink.spans.at(0).attributes, "http.request.header.authorization"), "Basic amFuZTpodW50ZXIy");
  EXPECT_EQ(count(sink, "secret_suspected"), 3);  // command line, URL, header
  EXPECT_EQ(count(sink, "redacted"), 0);
}

}  // namespace
}  // namespace culprit
