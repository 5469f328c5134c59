#include "requests/input/ledger_counts.h"

#include "base/saturated.h"

namespace culprit::requests {

namespace {
constexpr int64_t kBucket = 10'000'000'000;
}  // namespace

void LedgerCounts::count(LedgerKind kind, int64_t n, int64_t wall_ns, std::string_view stage, std::string_view detail,
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

void LedgerCounts::count_unit(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view stage,
                              std::string_view detail) {
  if (n == 0) return;
  Key key{0, kind, std::string(stage), std::string(detail), std::string(to_string(unit)), Evidence::Exact};
  add(std::move(key), n);
}

void LedgerCounts::add(Key key, int64_t n) {
  int64_t& sum = counts_[std::move(key)];
  sum = saturated_sum(sum, n);
}

void LedgerCounts::add(const LedgerCounts& other) {
  for (const auto& [key, n] : other.counts_) add(key, n);
}

std::vector<LedgerRow> LedgerCounts::rows(std::string_view source) const {
  std::vector<LedgerRow> rows;
  rows.reserve(counts_.size());
  for (const auto& [key, n] : counts_) {
    LedgerRow row = ledger_row(key.kind, n, source, key.stage, key.detail, key.evidence);
    row.unit = key.unit;
    row.time_ns = key.bucket_ns;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace culprit::requests
