// What a sealed Parquet file tells of itself: for a segment of which neither manifest nor side record is left.
#pragma once

#include <string>

#include "base/result.h"
#include "store/files/manifest.h"

namespace culprit {

class Database;

// `name` is the segment's: TABLE-…; its checksums are those of the file as it is now. Corrupt: not a segment of that table.
Result<SegmentInfo> read_segment_info(Database& database, const std::string& path, const std::string& name);

// Whether a segment of table ledger has no rows but those that a sealing derives from all spans, traces put together.
Result<bool> is_derived(Database& database, const std::string& path);

}  // namespace culprit
