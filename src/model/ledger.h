// The ledger: counts of everything that was lost, refused, cut or guessed.
//
// Received data, for each source and unit:          received = stored + duplicate + refused + sampled_out + in_flight
// Generated data, if the source counts them:        generated = received + lost
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace culprit {

enum class LedgerGroup : uint8_t {
  Account,
  Capture,
  Transport,
  Structure,
  Time,
  Content,
  Sampling,
  ProbeEffect,
  Coverage,
  Result
};
enum class LedgerUnit : uint8_t {
  Event,
  Span,
  Log,
  Metric,
  Request,
  Frame,
  Line,
  Byte,
  Trace,
  Connection,
  Process,
  Value,
  Nanosecond,
  File
};
// What rows of a kind do to an answer (ledger_kinds.inc).
enum class LedgerEffect : uint8_t { None, Doubt, Loss };
std::string_view to_string(LedgerGroup group);
std::string_view to_string(LedgerUnit unit);  // "event", "span", …

// The order is not part of any format, because frames and tables contain the names.
enum class LedgerKind : uint8_t {
#define KIND(name, group, unit, relevance, effect, sentence) name,
#include "model/ledger_kinds.inc"
#undef KIND
};
struct LedgerKindInfo {
  std::string_view name;
  LedgerGroup group;
  LedgerUnit unit;
  int relevance;  // to an answer: 0 none, to 9
  LedgerEffect effect;
  std::string_view sentence;
};
const LedgerKindInfo& info(LedgerKind kind);
const LedgerKindInfo* find_ledger_kind(std::string_view name);  // null: no such kind
const std::vector<LedgerKindInfo>& ledger_kinds();

enum class Evidence : uint8_t { Exact, Bounded, Heuristic, Unknown };
inline constexpr std::string_view kEvidenceNames[] = {"exact", "bounded", "heuristic", "unknown"};
std::string_view to_string(Evidence evidence);

struct LedgerRow {
  int64_t time_ns = 0;  // start of the time interval; 0: the whole recording
  std::string source;   // "recorder", or the name of a file or sender
  std::string service;  // empty: not related to a service
  std::string stage;    // kernel, reader, wire, ingest, store, analysis
  std::string kind;     // name of a LedgerKind
  std::string unit;
  int64_t n = 0;
  Evidence evidence = Evidence::Exact;
  std::string detail;
};
LedgerRow ledger_row(LedgerKind kind, int64_t n, std::string_view source, std::string_view stage,
                     std::string_view detail = {}, Evidence evidence = Evidence::Exact);

// The number of units that came from `source`. Stored rows and ledger rows of group Account show what became of them.
struct Received {
  std::string source;
  std::string unit;  // span, log, metric
  int64_t n = 0;
};

using UnitCounts = std::map<std::string, int64_t>;  // by unit

struct Account {
  UnitCounts received, stored, accounted;
  bool balanced() const;  // received = stored + accounted, in every unit
};

}  // namespace culprit
