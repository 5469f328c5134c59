#include "store/duckdb/views.h"

#include "model/schema.h"
#include "store/duckdb/database.h"
#include "store/duckdb/span_view.h"
#include "store/duckdb/table_source.h"

namespace culprit {

namespace {

std::string all_files(const std::vector<SegmentFile>& segments) {
  return "SELECT * FROM (" + table_source(segments) + ")";
}

}  // namespace

Result<void> add_table_views(Database& database, const std::vector<SegmentFile>& segments) {
  for (const TableDoc& table : schema()) {
    std::vector<SegmentFile> own;
    for (const SegmentFile& segment : segments)
      if (segment.info.table == table.name) own.push_back(segment);
    std::string source = empty_table(table);
    if (!own.empty()) source = table.name == "span" ? TRY(span_view(database, own)) : all_files(own);
    if (!own.empty() && !table.subject.empty())
      source += " QUALIFY row_number() OVER (PARTITION BY " + std::string(table.subject) + " ORDER BY " +
                std::string(table.last_first) + ") = 1";
    TRY(database.run("CREATE VIEW " + sql_name(std::string(table.name)) + " AS " + source));
  }
  return {};
}

}  // namespace culprit
