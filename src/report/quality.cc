#include <map>

#include "base/text.h"
#include "report/json_parts.h"
#include "report/paragraph.h"
#include "report/render.h"
#include "report/words.h"

namespace culprit::report {

namespace {

std::string_view group_of(const std::string& kind) {
  for (const LedgerKindInfo& known : ledger_kinds())
    if (known.name == kind) return to_string(known.group);
  return "unknown";
}

std::string_view sentence_of(const std::string& kind) {
  for (const LedgerKindInfo& known : ledger_kinds())
    if (known.name == kind) return known.sentence;
  return {};
}

}  // namespace

std::string quality_text(const Account& account, const std::vector<LedgerRow>& rows, const Look& look,
                         TimeRange range) {
  Paragraph out(look.width, look.color);
  out.line(0, account_text(account, rows), account.balanced() ? Style::Bold : Style::Red);
  if (look.window) out.line(0, "of " + window_text(range.from_ns, range.to_ns, look.zone));
  std::map<std::string_view, std::vector<const LedgerRow*>> by_group;
  for (const LedgerRow& row : rows) by_group[group_of(row.kind)].push_back(&row);
  for (auto& [group, members] : by_group) {
    out.blank();
    out.line(0, group, Style::Bold);
    std::string_view last_kind;
    for (const LedgerRow* row : members) {
      out.labelled(2, "", 0, ledger_text(*row));
      if (row->kind != last_kind) out.labelled(6, "", 0, sentence_of(row->kind), Style::Dim);
      last_kind = row->kind;
    }
  }
  return out.take();
}

std::string quality_json(const Account& account, const std::vector<LedgerRow>& rows) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.quality/1");
  write_account(json, account);
  write_rows(json, "rows", rows);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace culprit::report
