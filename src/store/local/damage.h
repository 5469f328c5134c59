// Whether segments are what was written: DuckDB notices no flipped bit, and 30 of 40 gave a wrong answer.
#pragma once

#include <string>
#include <vector>

#include "model/ledger.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

enum class Check { Size, EveryBlock };
// The reason why a segment can't be trusted; empty where it can.
std::string damage_of(const SegmentFile& segment, Check check);

// The ledger's row for a segment that is left out.
LedgerRow damage_row(const SegmentFile& segment, const std::string& damage);

}  // namespace culprit
