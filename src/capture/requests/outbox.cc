#include "capture/requests/outbox.h"

#include <algorithm>

#include "base/saturated.h"

namespace culprit::capture {
namespace {

constexpr std::string_view kSource = "recorder";
constexpr int64_t kBucket = 10'000'000'000;
// About half a megabyte encoded; small enough to be lost by a kill -9 without regret, large enough to compress.
constexpr size_t kFullRows = 4096;

}  // namespace

void Outbox::count(LedgerKind kind, int64_t n, int64_t wall_ns, std::string_view stage, std::string_view detail,
                   Evidence evidence) {
  if (n == 0) return;
  Key key{wall_ns - wall_ns % kBucket,
          kind,
          std::string(stage),
          std::string(detail),
          std::string(to_string(info(kind).unit)),
          evidence};
  add(std::move(key), n);
}

void Outbox::count_unit(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view stage, std::string_view detail) {
  if (n == 0) return;
  Key key{0, kind, std::string(stage), std::string(detail), std::string(to_string(unit)), Evidence::Exact};
  add(std::move(key), n);
}

void Outbox::add(Key key, int64_t n) {
  int64_t& sum = counts_[std::move(key)];
  sum = saturated_sum(sum, n);
}

bool Outbox::full() const { return batch_.rows() >= kFullRows; }

Result<void> Outbox::push() {
  const auto spans = static_cast<int64_t>(batch_.spans.size()), logs = static_cast<int64_t>(batch_.logs.size());
  if (spans > 0) batch_.received.push_back({std::string(kSource), "span", spans});
  if (logs > 0) batch_.received.push_back({std::string(kSource), "log", logs});
  for (auto& [key, n] : counts_) {
    LedgerRow row = ledger_row(key.kind, n, kSource, key.stage, key.detail, key.evidence);
    row.unit = key.unit;
    row.time_ns = key.bucket_ns;
    batch_.ledger.push_back(std::move(row));
  }
  if (batch_.empty()) return {};
  for (Span& span : batch_.spans) {
    span.source = kSource;
    span.host = host_;
  }
  Batch sent = std::exchange(batch_, {});
  batch_.spans.reserve(std::min(sent.spans.size(), kFullRows));  // the next second is like this one
  std::map<Key, int64_t> sent_counts = std::exchange(counts_, {});
  const auto processes = sent.processes;  // few, and a recording without them names nobody
  auto ticket = sink_.push(std::move(sent));
  if (ticket.has_value()) {
    spans_stored_ += static_cast<uint64_t>(spans);
    return {};
  }
  // What the world refused did reach us: it stays in the account, as do the counts.
  spans_refused_ += static_cast<uint64_t>(spans);
  counts_ = std::move(sent_counts);
  batch_.processes = processes;
  if (spans > 0) batch_.received.push_back({std::string(kSource), "span", spans});
  if (logs > 0) batch_.received.push_back({std::string(kSource), "log", logs});
  count_unit(LedgerKind::refused, LedgerUnit::Span, spans, "store", ticket.error().message);
  count_unit(LedgerKind::refused, LedgerUnit::Log, logs, "store", ticket.error().message);
  return std::move(ticket).error();
}

}  // namespace culprit::capture
