// Converts a cell of a result to JSON text without rounding: integers of every width are exact, and values without a
// JSON form become text.
#pragma once

#include <string>

#include "store/duckdb/database.h"

namespace culprit {

// The nesting depth of a type depends on the user's SQL. Deeper cells become null.
constexpr int kMaxCellDepth = 40;

std::string json_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row, int depth = 0);
// Returns the SQL name of a type of culprit's tables: "BIGINT", "VARCHAR[]", "STRUCT", "MAP".
std::string type_name(const DuckdbApi& api, duckdb_logical_type type, int depth = 0);

}  // namespace culprit
