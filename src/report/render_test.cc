#include "report/render.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "report/paragraph.h"

namespace culprit::report {
namespace {

Answer slow_statement() {
  Answer answer;
  answer.verdict = Verdict::Qualified;
  answer.source = "slow.culprit";
  answer.to_ns = 20'000'000'000;
  answer.summary = "GET /orders is slow: one statement takes 88 % of it";
  answer.operation = {"GET /orders", "gateway", 2402, 0, 0, 402'000'000, 612'000'000, 700'000'000, 1};
  answer.operations = {answer.operation, {"GET /products", "gateway", 10, 0, 0, 1'000'000, 9'000'000, 9'000'000, 1}};
  Finding finding;
  finding.id = "f-000000000001";
  finding.rank = 1;
  finding.cause = FindingClass::SlowStatement;
  finding.mechanism = Mechanism::Scan;
  finding.confidence = Confidence::High;
  finding.entity = {"statement",
                    "SELECT orders",
                    "127.0.0.1:5432/shop",
                    "postgresql",
                    "SELECT * FROM orders WHERE customer_id = ?",
                    0};
  finding.caller = "orders-api";
  finding.caller_pid = 4711;
  finding.operation = "GET /orders";
  finding.calls_per_request = 1;
  finding.effect = {2402, 0.88, 0, 612'000'000, {600'000'000, 620'000'000}};
  finding.inside.known = true;
  finding.inside[Wait::Running] = 96;
  finding.inside[Wait::Runnable] = 4;
  finding.evidence.push_back({"353 ms of CPU for 7 rows", 353e6, "ns", std::nullopt, "inferred"});
  finding.saving = {574'000'000, 574'000'000, {568'000'000, 579'000'000}, "it costs what other lookups cost"};
  finding.exemplars = {TraceId{1, 2}};
  answer.findings = {finding};
  answer.quality.account.received["span"] = answer.quality.account.stored["span"] = 240;
  return answer;
}

TEST(WhyJson, CarriesTheContractsMembers) {
  std::string json = why_json(slow_statement());
  for (const char* member :
       {"\"schema\": \"culprit.why/1\"", "\"verdict\": \"qualified\"", "\"class\": \"slow_statement\"",
        "\"share_of_path\": 0.88", "\"exemplars\"", "00000000000000010000000000000002", "\"received\""})
    EXPECT_NE(json.find(member), std::string::npos) << member;
}

TEST(Quality, ShowsAnAccountThatDoesNotAddUp) {
  Account account;
  account.received["span"] = 10;
  account.stored["span"] = 9;
  EXPECT_NE(quality_text(account, {}, {}).find("does not add up"), std::string::npos);
  account.accounted["span"] = 1;
  EXPECT_EQ(quality_text(account, {}, {}).find("does not add up"), std::string::npos);
}

TEST(Table, WritesIntegersExactlyAndGuardsFormulas) {
  Table table;
  table.columns = {{"n", "UBIGINT"}, {"name", "VARCHAR"}};
  table.rows = {{"18446744073709551615", "\"=1+1\""}, {"null", "\"a \\\"b\\\", c\""}};
  EXPECT_NE(table_json(table).find("{\"n\":18446744073709551615,\"name\":\"=1+1\"}"), std::string::npos);
  EXPECT_EQ(table_csv(table, {}), "n,name\r\n18446744073709551615,'=1+1\r\n,\"a \"\"b\"\", c\"\r\n");
  EXPECT_EQ(table_ndjson(table),
            "{\"n\":18446744073709551615,\"name\":\"=1+1\"}\n{\"n\":null,\"name\":\"a \\\"b\\\", c\"}\n");
}

// Control characters in foreign data, one of each kind: C0, CSI, DEL, C1, an override, an isolate, a mark.
constexpr const char* kControls = "a\x1b[31m\x07\x7f\u009b\u202e\u2066\u200f\u2028z";

bool steers(std::string_view text) {
  for (std::string_view control : {"\x1b", "\x07", "\x7f", "\u009b", "\u202e", "\u2066", "\u200f", "\u2028"})
    if (text.find(control) != std::string_view::npos) return true;
  return false;
}

TEST(Terminal, CsvIsExactInAPipeAndSafeOnATerminal) {
  Table table;
  table.columns = {{kControls, "VARCHAR"}};
  table.rows = {{"\"a\\u001b[31m\u009b\\nz\""}};
  Look terminal;
  terminal.terminal = true;
  EXPECT_FALSE(steers(table_csv(table, terminal)));
  EXPECT_NE(table_csv(table, {}).find("\"a\x1b[31m\u009b\nz\"\r\n"), std::string::npos);
}

TEST(Terminal, JsonHasTheSameMeaningAfterwards) {
  EXPECT_EQ(terminal_safe_json("{\"a\":\n\t\"x\u009b\u202e\u200f\x7fé漢😀\"}"),
            "{\"a\":\n\t\"x\\u009b\\u202e\\u200f\\u007fé漢😀\"}");
  EXPECT_EQ(terminal_safe_json("\"\x9b\xc3\""), "\"\\ufffd\\ufffd\"") << "bytes that are no UTF-8";
  EXPECT_FALSE(steers(terminal_safe_json(json_quoted(kControls))));
}

TEST(Terminal, TextKeepsItsLines) {
  EXPECT_EQ(terminal_safe("a\x1b\r\n\nb\x07"), "a\uFFFD\r\n\nb\uFFFD");
  EXPECT_EQ(terminal_safe(""), "");
}

TEST(Terminal, AParagraphIsSafeWhateverItIsGiven) {
  for (bool color : {false, true}) {
    Paragraph out(60, color);
    out.labelled(0, kControls, 12, kControls, Style::Red);
    out.both_ends(0, kControls, kControls);
    out.columns(0, kControls, 20, kControls);
    std::string text = out.take();
    for (std::string_view ours : {"\033[31m", "\033[2m", "\033[0m"})
      for (size_t at = 0; (at = text.find(ours)) != std::string::npos;) text.erase(at, ours.size());
    EXPECT_FALSE(steers(text)) << text;
  }
}

TEST(HtmlPage, HasTheTextAndNothingThatRuns) {
  std::string page = html_page("a<b", "x < y & <script>\x1b\n");
  EXPECT_NE(page.find("<title>a&lt;b</title>"), std::string::npos);
  EXPECT_NE(page.find("<pre>x &lt; y &amp; &lt;script&gt;\uFFFD\n</pre>"), std::string::npos) << page;
}

}  // namespace
}  // namespace culprit::report
