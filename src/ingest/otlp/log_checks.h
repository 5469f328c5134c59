// Checks and conversions of OTLP log records, shared by both encodings.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

// int64 nanoseconds end in the year 2262; a later time is invalid.
constexpr uint64_t kLatestTime = std::numeric_limits<int64_t>::max();

// Converts a body that is not text: numbers as printed, nested values as JSON.
std::string body_text(Value body);
// A log record's ids are optional: an invalid id costs the link to its span, not the record.
TraceId trace_id_or_note(std::optional<TraceId> id, Intake& intake);
uint64_t span_id_or_note(std::optional<uint64_t> id, Intake& intake);
// An invalid time becomes 0, which means unknown. (Real logs contain Go's zero time, sent as -6795364578871345152.)
int64_t log_time_or_note(std::optional<uint64_t> time_ns, Intake& intake);
void finish_log(LogRecord log, Intake& intake);

}  // namespace culprit::otlp
