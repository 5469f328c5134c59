// The rows of a table's segments as a query with every column of today's table. A recording of an earlier version lacks
// the columns that were added since: they are NULL.
#pragma once

#include <string>
#include <vector>

#include "model/schema.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

// No rows, all columns.
std::string empty_table(const TableDoc& table);

// `segments` are of one table, and not empty.
std::string table_source(const std::vector<SegmentFile>& segments);

}  // namespace culprit
