// The documented tables as views over a store's segments. What is a column of a segment and what stands in its maps is
// invisible in them: `attributes` has every attribute, and a key that is a column somewhere is a column of the view.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

class Database;

// A view for every table of the schema; empty ones have their columns too.
Result<void> add_table_views(Database& database, const std::vector<SegmentFile>& segments);

}  // namespace culprit
