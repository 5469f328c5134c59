// Runs a user's SELECT in a separate process that can only read the store's segments.
#pragma once

#include <string>
#include <vector>

#include "store/duckdb/segment_reader.h"
#include "store/interface/reader.h"

namespace culprit {

Result<SqlTable> sql_in_worker(const std::vector<SegmentFile>& segments, const std::string& select, SqlLimits limits);

}  // namespace culprit
