#include "store/duckdb/views.h"

#include "model/schema.h"
#include "store/duckdb/database.h"
#include "store/duckdb/span_view.h"

namespace culprit {

namespace {

std::string empty_table(const TableDoc& table) {
  std::string columns;
  for (const ColumnDoc& column : table.columns)
    columns += (columns.empty() ? "" : ", ") + ("CAST(NULL AS " + std::string(column.type) + ") AS ") +
               sql_name(std::string(column.name));
  return "SELECT " + columns + " WHERE false";
}

std::string all_files(const std::vector<SegmentFile>& segments) {
  std::string files;
  for (const SegmentFile& segment : segments) files += (files.empty() ? "" : ", ") + sql_text(segment.path);
  return "SELECT * FROM read_parquet([" + files + "], union_by_name = true)";
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
