#include "capture/recorder/batch_builder.h"

#include <algorithm>

namespace culprit::capture {
namespace {

constexpr std::string_view kSource = "recorder";
// A batch of this length (about 2 KB a span) still fits in the CPU's second-level cache when it is encoded and freed.
constexpr size_t kFullRows = 512;

}  // namespace

bool BatchBuilder::full(size_t more_rows) const { return batch_.rows() + more_rows >= kFullRows; }

Result<void> BatchBuilder::push() {
  const auto spans = static_cast<int64_t>(batch_.spans.size()), logs = static_cast<int64_t>(batch_.logs.size());
  if (spans > 0) batch_.received.push_back({std::string(kSource), "span", spans});
  if (logs > 0) batch_.received.push_back({std::string(kSource), "log", logs});
  for (LedgerRow& row : counts_.rows(kSource)) batch_.ledger.push_back(std::move(row));
  if (batch_.empty()) return {};
  for (Span& span : batch_.spans) {
    span.source = kSource;
    span.host = host_;
  }
  Batch sent = std::exchange(batch_, {});
  batch_.spans.reserve(std::min(sent.spans.size(), kFullRows));  // the next second will have a similar number
  requests::LedgerCounts sent_counts = std::exchange(counts_, {});
  const auto processes = sent.processes;  // few rows, and without them a recording has no names
  auto ticket = sink_.push(std::move(sent));
  if (ticket.has_value()) {
    spans_stored_ += static_cast<uint64_t>(spans);
    return {};
  }
  // Rows that the sink refused were received: they stay in the account, as do the counts.
  spans_refused_ += static_cast<uint64_t>(spans);
  counts_ = std::move(sent_counts);
  batch_.processes = processes;
  if (spans > 0) batch_.received.push_back({std::string(kSource), "span", spans});
  if (logs > 0) batch_.received.push_back({std::string(kSource), "log", logs});
  counts_.count_unit(LedgerKind::refused, LedgerUnit::Span, spans, "store", ticket.error().message);
  counts_.count_unit(LedgerKind::refused, LedgerUnit::Log, logs, "store", ticket.error().message);
  return std::move(ticket).error();
}

}  // namespace culprit::capture
