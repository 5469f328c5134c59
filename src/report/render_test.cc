#include "report/render.h"

#include <gtest/gtest.h>

#include "base/text.h"

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

TEST(WhyText, SaysTheAnswerFirstAndFitsTheTerminal) {
  std::string text = why_text(slow_statement(), {});
  EXPECT_TRUE(text.starts_with("GET /orders is slow: one statement takes 88 % of it"));
  EXPECT_NE(text.find("p95 612 → 38 ms (33–44)"), std::string::npos) << text;
  EXPECT_NE(text.find("running ███████████████████▎ 96 %"), std::string::npos) << text;
  EXPECT_NE(text.find("240 spans received = 240 stored; nothing lost, nothing guessed"), std::string::npos);
  for (int width : {60, 80, 100, 160}) {
    std::string fitted_text = why_text(slow_statement(), {width, false});
    for (std::string_view line : split(fitted_text, '\n'))
      EXPECT_LE(display_width(line), static_cast<size_t>(width)) << line;
  }
}

TEST(WhyText, LetsNoControlCharacterThrough) {
  Answer answer = slow_statement();
  answer.summary = "evil \033]0;title\007 \u202e summary";
  answer.findings[0].caller = "a\033[31mred";
  std::string text = why_text(answer, {});
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\007'), std::string::npos);
}

TEST(WhyText, SaysCannotTell) {
  Answer answer = slow_statement();
  answer.verdict = Verdict::Undecided;
  EXPECT_TRUE(why_text(answer, {}).starts_with("Cannot tell. "));
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
  EXPECT_EQ(table_csv(table), "n,name\r\n18446744073709551615,'=1+1\r\n,\"a \"\"b\"\", c\"\r\n");
  EXPECT_EQ(table_ndjson(table),
            "{\"n\":18446744073709551615,\"name\":\"=1+1\"}\n{\"n\":null,\"name\":\"a \\\"b\\\", c\"}\n");
}

TEST(ShowText, DrawsATreeThatFits) {
  std::vector<Span> spans(3);
  for (size_t i = 0; i < 3; ++i) {
    spans[i].trace_id = {0, 1};
    spans[i].span_id = i + 1;
    spans[i].parent_span_id = i;
    spans[i].name = "GET /a/very/long/operation/name/that/does/not/fit/into/the/column/of/names/of/the/terminal";
    spans[i].service = "service";
    spans[i].start_ns = static_cast<int64_t>(i) * 10;
    spans[i].duration_ns = 100 - static_cast<int64_t>(i) * 20;
  }
  Trace trace = make_trace(spans);
  std::vector<Section> sections = {{0, 0, 100, SectionKind::Own}};
  std::string text = show_text({trace, sections, {}, {}, {}}, {80, false});
  EXPECT_NE(text.find("└ service GET"), std::string::npos) << text;
  for (std::string_view line : split(text, '\n')) EXPECT_LE(display_width(line), 80u) << line;
}

}  // namespace
}  // namespace culprit::report
