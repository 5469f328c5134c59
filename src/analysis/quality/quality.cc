#include "analysis/quality/quality.h"

#include <algorithm>

namespace culprit::analysis {

namespace {

// The answer shows the five most relevant rows, and how to list all (facts: quality.md §6.3).
constexpr size_t kMostRows = 5;

// Returns how much a ledger kind matters for the cause: 0 not at all (a masked literal, a probe's own cost).
int relevance(const std::string& kind) {
  const LedgerKindInfo* known = find_ledger_kind(kind);
  return known == nullptr ? 1 : known->relevance;
}

bool is_loss(const std::string& kind) {
  const LedgerKindInfo* known = find_ledger_kind(kind);
  return known != nullptr && known->effect == LedgerEffect::Loss;
}

int64_t received_of(const Account& account, const std::string& unit) {
  auto found = account.received.find(unit);
  return found == account.received.end() ? 0 : found->second;
}

double share(int64_t part, int64_t rest) {
  return part <= 0 ? 0 : static_cast<double>(part) / static_cast<double>(part + std::max<int64_t>(rest, 0));
}

}  // namespace

Result<DataQuality> assess(Reader& reader, const Seen& seen) {
  DataQuality assessed;
  assessed.quality.account = TRY(reader.account());
  std::vector<LedgerRow> rows = TRY(reader.ledger());
  std::vector<HostInfo> hosts = TRY(reader.hosts());
  int64_t events = 0;
  for (const HostInfo& host : hosts) events += static_cast<int64_t>(host.events);

  assessed.lost_share = share(seen.touched_by_loss, seen.spans - seen.touched_by_loss);
  for (LedgerRow& row : rows) {
    if (row.n <= 0 || relevance(row.kind) == 0) continue;
    assessed.touched = true;
    if (is_loss(row.kind)) {
      int64_t rest = row.unit == "event" ? std::max(events, seen.spans)
                                         : std::max(received_of(assessed.quality.account, row.unit), seen.spans);
      assessed.lost_share = std::max(assessed.lost_share, share(row.n, rest));
    }
    assessed.quality.rows.push_back(std::move(row));
  }
  if (seen.holder_asleep) {
    assessed.touched = true;
    assessed.quality.rows.push_back(ledger_row(LedgerKind::holder_asleep, 1, "analysis", "analysis",
                                               "no wake-up by it, and the database was not asked"));
  }
  std::stable_sort(
      assessed.quality.rows.begin(), assessed.quality.rows.end(), [](const LedgerRow& a, const LedgerRow& b) {
        if (relevance(a.kind) != relevance(b.kind)) return relevance(a.kind) > relevance(b.kind);
        if (a.n != b.n) return a.n > b.n;
        return std::tie(a.kind, a.source, a.service, a.detail) < std::tie(b.kind, b.source, b.service, b.detail);
      });
  if (assessed.quality.rows.size() > kMostRows) assessed.quality.rows.resize(kMostRows);
  if (seen.foreign) assessed.quality.unknown.push_back("spans that the programs' own exporters dropped before sending");
  if (seen.opaque_roots > 0)
    assessed.quality.unknown.push_back("exchanges whose protocol is not known: " + std::to_string(seen.opaque_roots));
  return assessed;
}

Verdict verdict_of(const DataQuality& assessed, const Seen& seen, double flip_share) {
  if (seen.requests == 0) return Verdict::NoData;
  double gaps = assessed.lost_share + assessed.open_share;
  if (gaps > 0 && gaps >= flip_share) return Verdict::Undecided;
  return assessed.touched || gaps > 0 ? Verdict::Qualified : Verdict::Complete;
}

}  // namespace culprit::analysis
