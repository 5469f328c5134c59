// What holds for a log record of OTLP in either encoding.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

// int64 nanoseconds end in 2262; what lies beyond is not a time.
constexpr uint64_t kLatestTime = std::numeric_limits<int64_t>::max();

// A body that is not text: numbers as they print, what is nested as its JSON.
std::string body_text(Value body);
// A log's ids are optional: a bad one costs the tie to its span, not the record.
TraceId trace_id_or_note(std::optional<TraceId> id, Intake& intake);
uint64_t span_id_or_note(std::optional<uint64_t> id, Intake& intake);
// The same for a bad time: 0 is unknown. (Go's zero time, sent as -6795364578871345152, is found in real logs.)
int64_t log_time_or_note(std::optional<uint64_t> time_ns, Intake& intake);
void finish_log(LogRecord log, Intake& intake);

}  // namespace culprit::otlp
