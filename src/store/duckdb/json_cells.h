// Any cell of an answer as JSON text, nothing rounded: integers of every width exactly, what JSON has no form for as text.
#pragma once

#include <string>

#include "store/duckdb/database.h"

namespace culprit {

// Types nest as deep as the SQL says; deeper than this becomes null.
constexpr int kMaxCellDepth = 40;

std::string json_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row, int depth = 0);
// The type as SQL writes it, as far as it is one of ours: "BIGINT", "VARCHAR[]", "STRUCT", "MAP".
std::string type_name(const DuckdbApi& api, duckdb_logical_type type, int depth = 0);

}  // namespace culprit
