#include <algorithm>
#include <map>

#include "analysis/trace/critical_path.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/source.h"
#include "cli/trace_name.h"

namespace culprit::cli {

namespace {

// Returns the defects of this trace, counted by kind.
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
  TraceId id = TRY(find_trace(*source.reader, options.operands.front(), source.name));
  auto trace = TRY(source.reader->trace(id));
  if (!trace) return no_trace(options.operands.front(), source.name);
  std::vector<Section> sections = analysis::critical_path(*trace, trace->root());
  std::vector<LogRecord> logs = TRY(source.reader->logs());
  std::erase_if(logs, [&](const LogRecord& log) { return log.trace_id != trace->id; });
  report::ShownTrace shown{*trace, sections, logs, TRY(source.reader->account()), rows_of(*trace)};
  TRY(print_text(options, report::show_text(shown, look_of(options)), report::show_json(shown)));
  return 0;
}

}  // namespace culprit::cli
