#include <algorithm>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/source.h"

namespace culprit::cli {

namespace {

// Progress ends before the answer is printed.
Result<SqlTable> answer_of(Source& source, const std::string& select, SqlLimits limits) {
  Progress progress("querying the tables", Progress::Beat::Own);
  return source.reader->sql(select, limits);
}

}  // namespace

Result<int> run_sql(const Options& options) {
  if (options.operands.empty())
    return Error{Error::Kind::Usage, "no SELECT given", "culprit sql 'SELECT * FROM span LIMIT 10' -s slow.culprit"};
  Source source = TRY(open_source(TRY(named_source(options, 1))));
  SqlLimits limits;
  limits.max_rows = options.max_rows;
  limits.timeout_ms = std::max<int64_t>(1, options.max_time_ns / 1'000'000);
  limits.memory_bytes = options.max_memory_bytes;
  limits.spill_bytes = options.max_spill_bytes;
  limits.cancel = &stop_token();
  SqlTable answer = TRY(answer_of(source, options.operands.front(), limits));
  report::Table table;
  for (auto& column : answer.columns) table.columns.push_back({std::move(column.name), std::move(column.type)});
  table.rows = std::move(answer.rows);
  table.capped = answer.capped;
  std::string text = options.format == "json"     ? report::table_json(table)
                     : options.format == "ndjson" ? report::table_ndjson(table)
                     : options.format == "csv"    ? report::table_csv(table, look_of(options))
                                                  : report::table_text(table, look_of(options));
  TRY(print(options, text));
  return 0;
}

}  // namespace culprit::cli
