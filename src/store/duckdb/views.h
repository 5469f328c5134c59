// The documented tables as views over a store's segments. A view hides where a segment keeps an attribute: its column
// `attributes` has every attribute, and each key that is a column of some segment is a column of the view.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

class Database;

// Creates a view for every table of the schema. Empty tables have their columns too.
Result<void> add_table_views(Database& database, const std::vector<SegmentFile>& segments);

}  // namespace culprit
