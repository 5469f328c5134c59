#include <algorithm>
#include <map>

#include "analysis/trace/critical_path.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/source.h"

namespace culprit::cli {

namespace {

// The trace ids that `word` may mean: a whole id, the first digits of one, or "slowest".
Result<std::vector<TraceId>> meant(Reader& reader, const std::string& word) {
  std::string select;
  if (word == "slowest") {
    select = "SELECT trace_id FROM span WHERE parent_span_id = 0 ORDER BY duration_ns DESC, trace_id LIMIT 1";
  } else {
    auto id = parse_trace_id(word);
    if (!id)
      return Error{Error::Kind::Usage, "not a trace id: '" + printable(word) + "'",
                   "32 hex digits, or the first of them"};
    if (word.size() == 32) return std::vector<TraceId>{*id};
    std::string digits = word;
    for (char& c : digits) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    select = "SELECT DISTINCT trace_id FROM span WHERE trace_id LIKE '" + digits + "%' OR trace_id = '" + to_hex(*id) +
             "' ORDER BY trace_id LIMIT 2";
  }
  SqlTable table = TRY(reader.sql(select, {}));
  std::vector<TraceId> ids;
  for (const auto& row : table.rows)
    if (auto id = parse_trace_id(std::string_view(row[0]).substr(1, row[0].size() - 2))) ids.push_back(*id);
  return ids;
}

// What is wrong with this very trace, counted by kind.
std::vector<LedgerRow> rows_of(const Trace& trace) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const auto& defect : trace.defects) {
    std::string service = defect.span == kNoSpan ? "" : trace.spans[defect.span].service;
    ++counts[{std::string(defect.kind), service}];
  }
  static constexpr std::pair<uint32_t, const char*> kFlags[] = {{kUnfinished, "never_ended"},
                                                                {kTextUnknown, "text_unknown"},
                                                                {kTextCut, "truncated"},
                                                                {kLossOverlap, "ring_full"}};
  for (const Span& span : trace.spans)
    for (auto& [flag, kind] : kFlags)
      if (span.flags & flag) ++counts[{kind, span.service}];
  std::vector<LedgerRow> rows;
  for (auto& [key, n] : counts)
    for (const LedgerKindInfo& kind : ledger_kinds()) {
      if (kind.name != key.first) continue;
      LedgerRow row;
      row.kind = key.first;
      row.service = key.second;
      row.unit = to_string(kind.unit);
      row.n = n;
      rows.push_back(row);
    }
  return rows;
}

}  // namespace

Result<int> run_show(const Options& options) {
  if (options.operands.empty())
    return Error{Error::Kind::Usage, "no trace id given", "culprit show slowest -s slow.culprit"};
  Source source = TRY(open_source(TRY(named_source(options, 1))));
  std::vector<TraceId> ids = TRY(meant(*source.reader, options.operands.front()));
  if (ids.size() > 1)
    return Error{Error::Kind::Usage, "'" + options.operands.front() + "' begins more than one trace id",
                 "give more digits"};
  auto trace = ids.empty() ? std::optional<Trace>() : TRY(source.reader->trace(ids.front()));
  if (!trace)
    return Error{Error::Kind::NotFound,
                 "no trace '" + printable(options.operands.front()) + "' in " + printable(source.name),
                 "culprit sql 'SELECT DISTINCT trace_id FROM span LIMIT 10' -s " + printable(source.name)};
  std::vector<Section> sections = analysis::critical_path(*trace, trace->root());
  std::vector<LogRecord> logs = TRY(source.reader->logs());
  std::erase_if(logs, [&](const LogRecord& log) { return log.trace_id != trace->id; });
  report::ShownTrace shown{*trace, sections, logs, TRY(source.reader->account()), rows_of(*trace)};
  TRY(print(options, options.format == "json" ? report::show_json(shown) : report::show_text(shown, look_of(options))));
  return 0;
}

}  // namespace culprit::cli
