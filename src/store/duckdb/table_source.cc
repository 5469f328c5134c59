#include "store/duckdb/table_source.h"

#include "store/duckdb/database.h"

namespace culprit {

std::string empty_table(const TableDoc& table) {
  std::string columns;
  for (const ColumnDoc& column : table.columns)
    columns += (columns.empty() ? "" : ", ") + ("CAST(NULL AS " + std::string(column.type) + ") AS ") +
               sql_name(std::string(column.name));
  return "SELECT " + columns + " WHERE false";
}

std::string table_source(const std::vector<SegmentFile>& segments) {
  std::string files;
  for (const SegmentFile& segment : segments) files += (files.empty() ? "" : ", ") + sql_text(segment.path);
  std::string stored = "SELECT * FROM read_parquet([" + files + "], union_by_name = true)";
  for (const TableDoc& table : schema())
    if (table.name == segments.front().info.table) return empty_table(table) + " UNION ALL BY NAME " + stored;
  return stored;  // a table that SQL does not see
}

}  // namespace culprit
