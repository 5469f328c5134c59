#include "model/ledger.h"

namespace culprit {

std::string_view to_string(LedgerGroup group) {
  static constexpr std::string_view kNames[] = {"account", "capture",  "transport",    "structure", "time",
                                                "content", "sampling", "probe effect", "coverage",  "result"};
  return kNames[static_cast<int>(group)];
}

std::string_view to_string(LedgerUnit unit) {
  static constexpr std::string_view kNames[] = {"event",   "span",  "log",        "metric", "request",
                                                "frame",   "line",  "byte",       "trace",  "connection",
                                                "process", "value", "nanosecond", "file"};
  return kNames[static_cast<int>(unit)];
}

std::string_view to_string(Evidence evidence) { return kEvidenceNames[static_cast<int>(evidence)]; }

const std::vector<LedgerKindInfo>& ledger_kinds() {
  static const std::vector<LedgerKindInfo> kKinds = {
#define KIND(name, group, unit, relevance, effect, sentence) \
  {#name, LedgerGroup::group, LedgerUnit::unit, relevance, LedgerEffect::effect, sentence},
#include "model/ledger_kinds.inc"
#undef KIND
  };
  return kKinds;
}

const LedgerKindInfo& info(LedgerKind kind) { return ledger_kinds()[static_cast<size_t>(kind)]; }

const LedgerKindInfo* find_ledger_kind(std::string_view name) {
  for (const LedgerKindInfo& kind : ledger_kinds())
    if (kind.name == name) return &kind;
  return nullptr;
}

LedgerRow ledger_row(LedgerKind kind, int64_t n, std::string_view source, std::string_view stage,
                     std::string_view detail, Evidence evidence) {
  LedgerRow row;
  row.source = source;
  row.stage = stage;
  row.kind = info(kind).name;
  row.unit = to_string(info(kind).unit);
  row.n = n;
  row.evidence = evidence;
  row.detail = detail;
  return row;
}

bool Account::balanced() const {
  UnitCounts difference = received;
  for (auto& [unit, n] : stored) difference[unit] -= n;
  for (auto& [unit, n] : accounted) difference[unit] -= n;
  for (auto& [unit, n] : difference)
    if (n != 0) return false;
  return true;
}

}  // namespace culprit
