// A user's SELECT, answered in a process of its own that can read the store's segments and do nothing else.
#pragma once

#include <string>
#include <vector>

#include "store/duckdb/segment_reader.h"
#include "store/interface/reader.h"

namespace culprit {

Result<SqlTable> sql_in_worker(const std::vector<SegmentFile>& segments, const std::string& select, SqlLimits limits);

}  // namespace culprit
