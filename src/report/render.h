// Answers as text for a terminal, or as JSON (docs/formats/answer.md). Same input, same bytes; no clock, no terminal query.
//
// Text from data never reaches a terminal raw: Paragraph and the tables pass everything through printable(); what goes out as
// JSON or CSV is exact, and is made safe where it goes to a terminal (Look::terminal, terminal_safe()).
#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "model/finding.h"
#include "model/record.h"
#include "model/section.h"
#include "model/trace.h"

namespace culprit::report {

struct Look {
  int width = 100;  // columns of the terminal; no line is longer
  bool color = false;
  bool terminal = false;  // it goes to a terminal
  Zone zone = Zone::Utc;  // of times
  bool window = false;    // to say which window was looked at
};

// `json` as it may go to a terminal: raw control characters, which stand in strings only, become escapes of the same meaning.
std::string terminal_safe_json(std::string_view json);
// `text` as it may go to a terminal, line by line.
std::string terminal_safe(std::string_view text);

// A page that needs nothing else, with `text` on it as it is.
std::string html_page(std::string_view title, std::string_view text);

std::string why_text(const Answer& answer, const Look& look);
std::string why_json(const Answer& answer);
std::string why_markdown(const Answer& answer, const Look& look = {});

std::string diff_text(const Comparison& comparison, const Look& look);
std::string diff_json(const Comparison& comparison);

// `sections`: the critical path of the trace's root. `source` is named in the JSON's and text's own words.
struct ShownTrace {
  const Trace& trace;
  const std::vector<Section>& sections;
  const std::vector<LogRecord>& logs;  // of this trace
  Account account;                     // of the whole source
  std::vector<LedgerRow> ledger;       // rows that touch this trace
};
std::string show_text(const ShownTrace& shown, const Look& look);
std::string show_json(const ShownTrace& shown);

std::string quality_text(const Account& account, const std::vector<LedgerRow>& rows, const Look& look);
std::string quality_json(const Account& account, const std::vector<LedgerRow>& rows);

// An SqlTable's parts; values are JSON texts.
struct Table {
  struct Column {
    std::string name, type;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
  bool capped = false;
};
std::string table_text(const Table& table, const Look& look);
std::string table_json(const Table& table);
std::string table_ndjson(const Table& table);
// Exact, but for what would be a formula in a spreadsheet; on a terminal each field as printable() has it.
std::string table_csv(const Table& table, const Look& look);

}  // namespace culprit::report
