// The documented tables as views over a store's segments.
#pragma once

#include <string>
#include <vector>

#include "store/duckdb/segment_reader.h"

namespace culprit {

// A CREATE VIEW for every table of the schema; empty ones have their columns too.
std::vector<std::string> table_views(const std::vector<SegmentFile>& segments);

}  // namespace culprit
