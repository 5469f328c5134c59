// Renders answers as text for a terminal, or as JSON (docs/formats/answer.md). The same input gives the same bytes; no
// clock and no terminal is queried.
//
// Foreign text never reaches a terminal unchanged: Paragraph and the tables pass everything through printable(). JSON
// and CSV are exact, and are made safe only when they go to a terminal (Look::terminal, terminal_safe()).
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
  bool terminal = false;  // the output goes to a terminal
  Zone zone = Zone::Utc;  // time zone of printed times
  bool window = false;    // whether to print the time window of the answer
};

// Returns `json` in a form that is safe on a terminal: raw control characters, which occur only in strings, become
// escapes with the same meaning.
std::string terminal_safe_json(std::string_view json);
// Returns `text`, line by line, in a form that is safe on a terminal.
std::string terminal_safe(std::string_view text);

// Returns a self-contained HTML page that shows `text` unchanged.
std::string html_page(std::string_view title, std::string_view text);

std::string why_text(const Answer& answer, const Look& look);
std::string why_json(const Answer& answer);
std::string why_markdown(const Answer& answer, const Look& look = {});

std::string diff_text(const Comparison& comparison, const Look& look);
std::string diff_json(const Comparison& comparison);

// `sections` is the critical path of the trace's root. `source` is the name of the source in the output.
struct ShownTrace {
  const Trace& trace;
  const std::vector<Section>& sections;
  const std::vector<LogRecord>& logs;  // log records of this trace
  Account account;                     // account of the whole source
  std::vector<LedgerRow> ledger;       // ledger rows that concern this trace
};
std::string show_text(const ShownTrace& shown, const Look& look);
std::string show_json(const ShownTrace& shown);

// The time range of a source; 0 and 0: none.
struct TimeRange {
  int64_t from_ns = 0, to_ns = 0;
};
// `range` is printed if Look::window is set.
std::string quality_text(const Account& account, const std::vector<LedgerRow>& rows, const Look& look,
                         TimeRange range = {});
std::string quality_json(const Account& account, const std::vector<LedgerRow>& rows);

// The parts of an SqlTable; values are JSON texts.
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
// Exact, except for values that a spreadsheet would run as a formula, and for times with a zone, which are converted to
// Look::zone. On a terminal each field passes through printable().
std::string table_csv(const Table& table, const Look& look);

}  // namespace culprit::report
