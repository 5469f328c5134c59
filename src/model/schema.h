// The tables that SQL sees, and what each column means: the only place where that is said. docs/schema is made from here
// (model_test with CULPRIT_ACCEPT=1), and tests hold the segments' columns and every sentence against it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culprit {

struct ColumnDoc {
  std::string_view name;
  std::string_view type;  // as DuckDB writes it
  std::string_view sentence;
};
struct TableDoc {
  std::string_view name;
  std::string_view sentence;
  std::vector<ColumnDoc> columns;
  // Where a recording tells of one subject again while it changes: the columns that name it, and the order (SQL) of what was told,
  // the last first. The table shows the last.
  std::string_view subject = {}, last_first = {};
};

const std::vector<TableDoc>& schema();

// The page of one table, Markdown.
std::string schema_page(const TableDoc& table);

}  // namespace culprit
