#include "analysis/profile/profile_builder.h"

#include <algorithm>

#include "analysis/trace/call.h"

namespace culprit::analysis {

namespace {

bool matches(const Trace& trace, const Question& question) {
  if (question.trace && trace.id != *question.trace) return false;
  if (question.service.empty() && question.operation.empty() && question.statement.empty()) return true;
  auto within = [](const std::string& wanted, std::string_view text) {
    return wanted.empty() || text.find(wanted) != std::string_view::npos;
  };
  SpanIndex root = trace.root();
  if (root == kNoSpan || !within(question.operation, without_ids(trace.spans[root].name))) return false;
  bool service = question.service.empty(), statement = question.statement.empty();
  for (const Span& span : trace.spans) {
    service = service || span.service == question.service;
    statement = statement || (is_database(span) &&
                              within(question.statement, without_literals(statement_text(span), system_of(span))));
  }
  return service && statement;
}

}  // namespace

Result<void> ProfileBuilder::read(Reader& reader, DatabaseInspector* inspector, const Question& question) {
  facts_.processes = TRY(reader.processes());
  facts_.hosts = TRY(reader.hosts());
  facts_.connections = TRY(reader.connections());
  facts_.resources = TRY(reader.resources());
  std::vector<LogRecord> logs = TRY(reader.logs());
  for (const LogRecord& log : logs)
    if (std::optional<LockWait> wait = lock_wait_from(log)) facts_.lock_waits.push_back(*std::move(wait));
  facts_.asked = !facts_.lock_waits.empty() || inspector != nullptr;
  if (inspector != nullptr) {
    Result<std::vector<LockWait>> waits = inspector->lock_waits();
    if (waits.has_value())
      facts_.lock_waits.insert(facts_.lock_waits.end(), waits.value().begin(), waits.value().end());
    else
      problems_.push_back("the sessions that hold locks now: " + waits.error().message);
  }
  TRY(read_traces(reader, question));
  // Texts that occur only once are merged. Whether that is needed is known only after all texts were read: the traces
  // are read again.
  if (names_.sum_up_unrepeated()) TRY(read_traces(reader, question));
  return {};
}

Result<void> ProfileBuilder::read_traces(Reader& reader, const Question& question) {
  profile_ = std::make_unique<WorkloadProfile>(names_, facts_);
  TRY(reader.for_each_trace(question.from_ns, question.to_ns, [&](Trace trace) {
    if (question.cancel != nullptr && question.cancel->requested()) return false;
    if (!matches(trace, question)) return true;
    foreign_ = foreign_ || std::any_of(trace.spans.begin(), trace.spans.end(), [](const Span& span) {
                 return span.source.starts_with("otlp") || span.source == "jaeger";
               });
    profile_->observe(std::move(trace));
    return true;
  }));
  return check_cancelled(question.cancel);
}

Seen ProfileBuilder::seen() const {
  Seen seen;
  seen.spans = profile_->spans();
  seen.touched_by_loss = profile_->touched_by_loss();
  seen.opaque_roots = profile_->opaque_roots();
  for (const Operation& operation : profile_->operations()) seen.requests += operation.requests;
  seen.foreign = foreign_;
  return seen;
}

}  // namespace culprit::analysis
