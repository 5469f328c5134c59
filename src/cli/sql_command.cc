#include "cli/command.h"
#include "cli/source.h"

namespace culprit::cli {

Result<int> run_sql(const Options& options) {
  if (options.operands.empty())
    return Error{Error::Kind::Usage, "no SELECT given", "culprit sql 'SELECT * FROM span LIMIT 10' -s slow.culprit"};
  Source source = TRY(open_source(TRY(named_source(options, 1))));
  SqlLimits limits;
  limits.max_rows = options.max_rows;
  SqlTable answer = TRY(source.reader->sql(options.operands.front(), limits));
  report::Table table;
  for (auto& column : answer.columns) table.columns.push_back({std::move(column.name), std::move(column.type)});
  table.rows = std::move(answer.rows);
  table.capped = answer.capped;
  std::string text = options.format == "json"     ? report::table_json(table)
                     : options.format == "ndjson" ? report::table_ndjson(table)
                     : options.format == "csv"    ? report::table_csv(table)
                                                  : report::table_text(table, look_of(options));
  TRY(print(options, text));
  return 0;
}

}  // namespace culprit::cli
