// What holds for a span of OTLP in either encoding, once its fields are read.
#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

constexpr size_t kTraceIdBytes = 16, kSpanIdBytes = 8;

// The reasons to refuse a span. The ledger's reader sees them; tests compare them.
inline constexpr std::string_view kBadTraceId = "the trace id is not 16 bytes",
                                  kZeroTraceId = "the trace id is zero or missing",
                                  kBadSpanId = "the span id is not 8 bytes",
                                  kZeroSpanId = "the span id is zero or missing",
                                  kBadTime = "a time is not a number of nanoseconds",
                                  kWrongType = "a field has the wrong type";

// A text stands for an id that is no hexadecimal: one hash, counted.
void note_hashed_id(Intake& intake);

// Fills what follows from `span`'s fields and its times. Returns why it must be refused; empty: it is fine.
std::string_view complete_span(Intake& intake, Span& span, uint64_t start_ns, uint64_t end_ns);
// Refuses the span that the intake has begun; a bad id is counted as such too.
void refuse_span(Intake& intake, std::string_view reason);
// Keeps or refuses it.
void finish_span(Intake& intake, std::string_view reason);

// Kind and status from their numbers; unknown ones are Unspecified and Unset, as enums of the future must be.
SpanKind kind_from(int64_t number);
SpanStatus status_from(int64_t number);

}  // namespace culprit::otlp
