// Where a reader keeps segments that only it has: the first directory that takes them, else memory.
#pragma once

#include <functional>

#include "base/result.h"
#include "store/duckdb/segment_writer.h"
#include "store/local/store_reader.h"

namespace culprit {

// Tries `work` with one place after the other until one is not refused. The snapshot owns the place.
Result<Snapshot> in_private_place(const std::function<Result<Snapshot>(const SegmentWriter::Place&)>& work);

}  // namespace culprit
