#include "ingest/otlp/log_checks.h"

namespace culprit::otlp {

std::string body_text(Value body) {
  if (auto* text = std::get_if<std::string>(&body)) return std::move(*text);
  return to_text(body);
}

TraceId trace_id_or_note(std::optional<TraceId> id, Intake& intake) {
  if (!id) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a log record's trace id is not 16 bytes");
  return id.value_or(TraceId{});
}

uint64_t span_id_or_note(std::optional<uint64_t> id, Intake& intake) {
  if (!id) intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a log record's span id is not 8 bytes");
  return id.value_or(0);
}

int64_t log_time_or_note(std::optional<uint64_t> time_ns, Intake& intake) {
  if (time_ns && *time_ns <= kLatestTime) return static_cast<int64_t>(*time_ns);
  intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a log record's time is not a number of nanoseconds");
  return 0;
}

void finish_log(LogRecord log, Intake& intake) {
  // logs.proto: "Use Timestamp if it is present, otherwise use ObservedTimestamp."
  if (log.time_ns == 0) log.time_ns = log.observed_ns;
  intake.add(std::move(log));
}

}  // namespace culprit::otlp
