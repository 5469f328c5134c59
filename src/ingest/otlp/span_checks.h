// Checks and conversions of OTLP spans, shared by both encodings, after their fields are read.
#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

constexpr size_t kTraceIdBytes = 16, kSpanIdBytes = 8;

// The reasons to refuse a span. They are shown in the ledger, and tests compare them.
inline constexpr std::string_view kBadTraceId = "the trace id is not 16 bytes",
                                  kZeroTraceId = "the trace id is zero or missing",
                                  kBadSpanId = "the span id is not 8 bytes",
                                  kZeroSpanId = "the span id is zero or missing",
                                  kBadTime = "a time is not a number of nanoseconds",
                                  kWrongType = "a field has the wrong type";

// Counts an id that is replaced by a hash of its text, as it is not hexadecimal.
void note_hashed_id(Intake& intake);

// Fills the fields of `span` that are derived from others, and its times. Returns the reason to refuse it; empty: the
// span is valid.
std::string_view complete_span(Intake& intake, Span& span, uint64_t start_ns, uint64_t end_ns);
// Refuses the span that the intake has begun; an invalid id is also counted as such.
void refuse_span(Intake& intake, std::string_view reason);
// Keeps or refuses the span.
void finish_span(Intake& intake, std::string_view reason);

// Converts kind and status from their numbers; unknown numbers are Unspecified and Unset, as protobuf requires.
SpanKind kind_from(int64_t number);
SpanStatus status_from(int64_t number);

}  // namespace culprit::otlp
