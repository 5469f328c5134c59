// The tables that SQL sees, and what each column means, as tables.h says it. docs/schema is made from here (model_test with
// CULPRIT_ACCEPT=1), and tests hold the segments' columns and every sentence against it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/tables.h"

namespace culprit {

struct ColumnDoc {
  std::string name;
  std::string type;  // as DuckDB writes it
  std::string sentence;
};
struct TableDoc : TableInfo {
  std::vector<ColumnDoc> columns;
};

const std::vector<TableDoc>& schema();

// The page of one table, Markdown.
std::string schema_page(const TableDoc& table);

}  // namespace culprit
