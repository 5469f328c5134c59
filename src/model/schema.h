// The tables of SQL and the meaning of each column, from tables.h. docs/schema is generated from them (model_test with
// CULPRIT_ACCEPT=1). Tests compare the columns of segments and the sentences with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/tables.h"

namespace culprit {

struct ColumnDoc {
  std::string name;
  std::string type;  // DuckDB's name of the type
  std::string sentence;
};
struct TableDoc : TableInfo {
  std::vector<ColumnDoc> columns;
};

const std::vector<TableDoc>& schema();

// Returns the Markdown page of one table.
std::string schema_page(const TableDoc& table);

}  // namespace culprit
