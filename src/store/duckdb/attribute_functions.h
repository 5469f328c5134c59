// The attributes of spans as SQL maps, independent of the columns that hold them. Each group of segments with the same
// columns has two SQL functions.
#pragma once

#include <string>

#include "store/duckdb/database.h"
#include "store/duckdb/span_cells.h"

namespace culprit {

// attributes_N(…) returns a MAP(VARCHAR, VARCHAR) with the first value of every key as text. numbers_N(…) returns a
// MAP(VARCHAR, DOUBLE) with the first value of every key whose value is a number that a DOUBLE holds exactly. The
// arguments are the segment's columns attributes, attributes_number, attributes_rest and attribute_order, followed by
// those of `promoted`. Without the latter, the functions return the attributes that have no column.
Result<void> add_attribute_functions(Database& database, const std::string& number, const PromotedKeys& promoted);

}  // namespace culprit
