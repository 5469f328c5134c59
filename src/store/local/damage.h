// Verifies segments against their checksums. DuckDB does not detect flipped bits: 30 of 40 flipped bits gave a wrong
// result.
#pragma once

#include <string>
#include <vector>

#include "model/ledger.h"
#include "store/duckdb/segment_reader.h"

namespace culprit {

enum class Check { Size, EveryBlock };
// Returns the reason why a segment is damaged; empty if it is sound. Once `cancel` (may be null) was requested, the result means
// nothing.
std::string damage_of(const SegmentFile& segment, Check check, const CancelToken* cancel);

// Returns the ledger rows of a damaged segment that is left out: the file, and the spans, logs or metric points in it.
std::vector<LedgerRow> damage_rows(const SegmentFile& segment, const std::string& damage);

}  // namespace culprit
