// The place for segments that only one reader uses: the first directory with enough space, else memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/duckdb/segment_writer.h"
#include "store/local/store_reader.h"

namespace culprit {

// The candidates for temporary directories: $TMPDIR, /var/tmp, /tmp.
std::vector<std::string> private_parents();

// Calls `work` with one place after the other until it succeeds. The last place is memory. The snapshot owns its place.
Result<Snapshot> in_private_place(const std::vector<std::string>& parents,
                                  const std::function<Result<Snapshot>(const SegmentWriter::Place&)>& work);

}  // namespace culprit
