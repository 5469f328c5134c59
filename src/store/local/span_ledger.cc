#include "store/local/span_ledger.h"

namespace culprit {

namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kYear2000 = 946'684'800'000'000'000;  // no trace is older than the year 2000: the clock was not set

}  // namespace

void SpanLedger::count(std::string_view kind, int64_t n, const Span& span) {
  if (n > 0) counts_[{std::string(kind), span.source, span.service}] += n;
}

void SpanLedger::note(const Span& span) {
  int64_t end_ns = 0;
  bool overflows = __builtin_add_overflow(span.start_ns, span.duration_ns, &end_ns);
  bool coarse = !overflows && span.start_ns % kMillisecond == 0 && end_ns % kMillisecond == 0;
  count("coarse_clock", coarse, span);
  count("future", span.received_ns > 0 && span.start_ns > span.received_ns, span);
  count("past", span.start_ns < kYear2000, span);
  count("zero_id", span.trace_id.zero() || span.span_id == 0, span);
}

void SpanLedger::note(const Trace& trace) {
  for (const Trace::Defect& defect : trace.defects)
    count(defect.kind, 1, trace.spans[defect.span == kNoSpan ? trace.root() : defect.span]);
}

std::vector<LedgerRow> SpanLedger::rows() const {
  std::vector<LedgerRow> rows;
  for (auto& [key, n] : counts_) {
    LedgerRow& row = rows.emplace_back();
    std::tie(row.kind, row.source, row.service) = key;
    row.stage = "store";
    row.n = n;
    for (const LedgerKindInfo& kind : ledger_kinds())
      if (kind.name == row.kind) row.unit = to_string(kind.unit);
  }
  return rows;
}

}  // namespace culprit
