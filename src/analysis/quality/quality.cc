#include "analysis/quality/quality.h"

#include <algorithm>
#include <map>

namespace culprit::analysis {

namespace {

// The answer shows the five most relevant rows, and how to list all (facts: quality.md §6.3).
constexpr size_t kMostRows = 5;

// Returns how much a ledger kind matters for the cause: 0 not at all (a masked literal, a probe's own cost).
int relevance(const std::string& kind) {
  static const std::map<std::string, int> kBearing = {{"ring_full", 9},
                                                      {"map_full", 9},
                                                      {"seq_gap", 9},
                                                      {"recorder_down", 9},
                                                      {"sdk_queue", 9},
                                                      {"collector_refused", 9},
                                                      {"refused", 8},
                                                      {"orphan_local", 8},
                                                      {"malformed", 7},
                                                      {"oversize", 7},
                                                      {"read_fault", 7},
                                                      {"holder_asleep", 7},
                                                      {"tls_blind", 6},
                                                      {"text_unknown", 6},
                                                      {"unpaired_edge", 6},
                                                      {"proto_resync", 6},
                                                      {"stream_gap", 6},
                                                      {"orphan_remote", 5},
                                                      {"rootless", 5},
                                                      {"cycle", 5},
                                                      {"id_collision", 5},
                                                      {"self_parent", 4},
                                                      {"zero_id", 4},
                                                      {"step", 4},
                                                      {"offset", 4},
                                                      {"connection_cut", 4},
                                                      {"negative_duration", 4},
                                                      {"censored", 4},
                                                      {"inconsistent_threshold", 4},
                                                      {"sampled_out", 3},
                                                      {"process_unseen", 3},
                                                      {"attach_failed", 3},
                                                      {"probe_missing", 3},
                                                      {"never_ended", 2},
                                                      {"not_asked", 2},
                                                      {"watermark", 2},
                                                      {"multi_root", 2},
                                                      {"retention_cut", 2},
                                                      {"truncated", 1},
                                                      {"unexplained", 9}};
  auto found = kBearing.find(kind);
  return found == kBearing.end() ? 0 : found->second;
}

bool is_loss(const std::string& kind) {
  static constexpr std::string_view kLosses[] = {"ring_full",  "map_full",    "seq_gap",           "oversize",
                                                 "read_fault", "sdk_queue",   "collector_refused", "refused",
                                                 "malformed",  "orphan_local"};
  return std::find(std::begin(kLosses), std::end(kLosses), kind) != std::end(kLosses);
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
  DataQuality trust;
  trust.quality.account = TRY(reader.account());
  std::vector<LedgerRow> rows = TRY(reader.ledger());
  std::vector<HostInfo> hosts = TRY(reader.hosts());
  int64_t events = 0;
  for (const HostInfo& host : hosts) events += static_cast<int64_t>(host.events);

  trust.lost_share = share(seen.touched_by_loss, seen.spans - seen.touched_by_loss);
  for (LedgerRow& row : rows) {
    if (row.n <= 0 || relevance(row.kind) == 0) continue;
    trust.touched = true;
    if (is_loss(row.kind)) {
      int64_t rest = row.unit == "event" ? std::max(events, seen.spans)
                                         : std::max(received_of(trust.quality.account, row.unit), seen.spans);
      trust.lost_share = std::max(trust.lost_share, share(row.n, rest));
    }
    trust.quality.rows.push_back(std::move(row));
  }
  if (seen.holder_asleep) {
    trust.touched = true;
    trust.quality.rows.push_back(
        ledger_row(LedgerKind::holder_asleep, 1, "analysis", "analysis", "no waker and nobody asked"));
  }
  std::stable_sort(trust.quality.rows.begin(), trust.quality.rows.end(), [](const LedgerRow& a, const LedgerRow& b) {
    if (relevance(a.kind) != relevance(b.kind)) return relevance(a.kind) > relevance(b.kind);
    if (a.n != b.n) return a.n > b.n;
    return std::tie(a.kind, a.source, a.service, a.detail) < std::tie(b.kind, b.source, b.service, b.detail);
  });
  if (trust.quality.rows.size() > kMostRows) trust.quality.rows.resize(kMostRows);
  if (seen.foreign) trust.quality.unknown.push_back("spans that the programs' own exporters dropped before sending");
  if (seen.opaque_roots > 0)
    trust.quality.unknown.push_back("exchanges whose protocol is not known: " + std::to_string(seen.opaque_roots));
  return trust;
}

Verdict verdict_of(const DataQuality& trust, const Seen& seen, double flip_share) {
  if (seen.requests == 0) return Verdict::NoData;
  double gaps = trust.lost_share + trust.open_share;
  if (gaps > 0 && gaps >= flip_share) return Verdict::Undecided;
  return trust.touched || gaps > 0 ? Verdict::Qualified : Verdict::Complete;
}

}  // namespace culprit::analysis
