// Where a reader keeps segments that only it has: the first directory that takes them, else memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/duckdb/segment_writer.h"
#include "store/local/store_reader.h"

namespace culprit {

// Where temporary directories may be made: $TMPDIR, /var/tmp, /tmp.
std::vector<std::string> private_parents();

// Tries `work` in one place after the other until one takes it; the last is memory. The snapshot owns its place.
Result<Snapshot> in_private_place(const std::vector<std::string>& parents,
                                  const std::function<Result<Snapshot>(const SegmentWriter::Place&)>& work);

}  // namespace culprit
