// The attributes of spans as maps, whatever columns they stand in: two SQL functions for each way in which segments
// hold them.
#pragma once

#include <string>

#include "store/duckdb/database.h"
#include "store/duckdb/span_cells.h"

namespace culprit {

// attributes_N(…) is MAP(VARCHAR, VARCHAR): the first value of every key, as text. numbers_N(…) is MAP(VARCHAR,
// DOUBLE): the first of every key that is a number, as far as a DOUBLE holds it exactly. Their arguments are the
// segment's columns attributes, attributes_number, attributes_rest, attribute_order, and then those of `promoted`;
// without any: the attributes that have no column.
Result<void> add_attribute_functions(Database& database, const std::string& number, const PromotedKeys& promoted);

}  // namespace culprit
