// The table span as one SELECT over segments that hold attributes in different columns.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

class Database;

// Returns the SELECT and registers the functions that it calls. `segments` must not be empty.
Result<std::string> span_view(Database& database, const std::vector<SegmentFile>& segments);

}  // namespace culprit
