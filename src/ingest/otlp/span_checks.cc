#include "ingest/otlp/span_checks.h"

#include <limits>

#include "ingest/shared/sampling.h"

namespace culprit::otlp {

SpanKind kind_from(int64_t number) {
  return number >= 0 && number <= 5 ? static_cast<SpanKind>(number) : SpanKind::Unspecified;
}

SpanStatus status_from(int64_t number) {
  return number >= 0 && number <= 2 ? static_cast<SpanStatus>(number) : SpanStatus::Unset;
}

void note_hashed_id(Intake& intake) {
  intake.note(LedgerKind::id_hashed, 1, "an id is not hexadecimal: replaced by a hash of its text");
}

std::string_view complete_span(Intake& intake, Span& span, uint64_t start_ns, uint64_t end_ns) {
  if (span.trace_id.zero()) return kZeroTraceId;
  if (span.span_id == 0) return kZeroSpanId;
  constexpr uint64_t kLatest = std::numeric_limits<int64_t>::max();
  if (start_ns > kLatest || end_ns > kLatest) return kBadTime;

  span.start_ns = static_cast<int64_t>(start_ns);
  span.duration_ns = static_cast<int64_t>(end_ns) - span.start_ns;
  if (end_ns == 0 && start_ns != 0) {
    // The end time is 0: the span was sent before it ended, as some SDKs do when a program exits.
    span.duration_ns = 0;
    span.flags |= kUnfinished;
    intake.sum(LedgerKind::never_ended, 1, intake.resource().service);
  }
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
  if (span.trace_state.empty()) return {};
  Sampling sampling = sampling_of(span.trace_state, span.trace_id.low, span.otel_flags);
  if (sampling.weight) span.weight = *sampling.weight;
  if (sampling.inconsistent) intake.sum(LedgerKind::inconsistent_threshold, 1, intake.resource().service);
  return {};
}

void refuse_span(Intake& intake, std::string_view reason) {
  if (reason == kBadTraceId || reason == kZeroTraceId || reason == kBadSpanId || reason == kZeroSpanId)
    intake.sum(LedgerKind::zero_id, 1, intake.resource().service);
  intake.refuse_span(reason);
}

void finish_span(Intake& intake, std::string_view reason) {
  if (reason.empty())
    intake.end_span();
  else
    refuse_span(intake, reason);
}

}  // namespace culprit::otlp
