#include "store/duckdb/views.h"

#include <map>

#include "model/schema.h"
#include "store/duckdb/database.h"

namespace culprit {

namespace {

std::string empty_table(const TableDoc& table) {
  std::string columns;
  for (const ColumnDoc& column : table.columns)
    columns += (columns.empty() ? "" : ", ") + ("CAST(NULL AS " + std::string(column.type) + ") AS ") +
               sql_name(std::string(column.name));
  return "SELECT " + columns + " WHERE false";
}

// A key that is a column in some segments stands in the maps of the others: the view's column has both.
std::string with_maps(const std::vector<SegmentFile>& segments) {
  std::map<std::string, std::pair<char, size_t>> promoted;
  for (const SegmentFile& segment : segments)
    for (auto& [key, type] : segment.info.promoted) {
      auto& [seen_type, count] = promoted.try_emplace(key, type, 0).first->second;
      if (seen_type != type) seen_type = '?';
      ++count;
    }
  std::string replaced;
  for (auto& [key, use] : promoted) {
    if (use.second == segments.size() || use.first == 'b' || use.first == '?') continue;
    std::string other = use.first == 's'   ? "attributes[" + sql_text(key) + "]"
                        : use.first == 'i' ? "TRY_CAST(attributes_number[" + sql_text(key) + "] AS BIGINT)"
                                           : "attributes_number[" + sql_text(key) + "]";
    replaced += (replaced.empty() ? "" : ", ") + ("coalesce(" + sql_name(key) + ", " + other + ") AS ") + sql_name(key);
  }
  return replaced.empty() ? "" : " REPLACE (" + replaced + ")";
}

}  // namespace

std::vector<std::string> table_views(const std::vector<SegmentFile>& segments) {
  std::vector<std::string> views;
  for (const TableDoc& table : schema()) {
    std::vector<SegmentFile> own;
    std::string files;
    for (const SegmentFile& segment : segments) {
      if (segment.info.table != table.name) continue;
      own.push_back(segment);
      files += (files.empty() ? "" : ", ") + sql_text(segment.path);
    }
    std::string source =
        own.empty() ? empty_table(table)
                    : "SELECT *" + with_maps(own) + " FROM read_parquet([" + files + "], union_by_name = true)";
    if (!own.empty() && !table.subject.empty())
      source += " QUALIFY row_number() OVER (PARTITION BY " + std::string(table.subject) + " ORDER BY " +
                std::string(table.last_first) + ") = 1";
    views.push_back("CREATE VIEW " + sql_name(std::string(table.name)) + " AS " + source);
  }
  return views;
}

}  // namespace culprit
