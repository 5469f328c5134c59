// WorkloadProfile: all requests of a recording, each as what its critical path consisted of. What every cause is told from.
//
// One trace after the other is observed and let go. A request keeps its path as parts: so long in this node of the call
// tree, of this kind. SpanNodes are shared by all requests: a thousand calls of one statement by one caller are one part.
//
//   GET /orders  gateway ─┬─ call ── served  orders-api ─┬─ call ── served  postgres  [statement]
//                         └ own work                     └ own work
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/profile/call_concurrency.h"
#include "analysis/profile/call_patterns.h"
#include "analysis/profile/interner.h"
#include "analysis/profile/service_instances.h"
#include "analysis/profile/statistics.h"
#include "model/database_inspector.h"
#include "model/record.h"
#include "model/section.h"

namespace culprit::analysis {

struct SpanNodes;

// The kinds of a section, and the own time of spans that were not recorded.
constexpr int kUnknown = static_cast<int>(SectionKind::Unexplained) + 1;
constexpr int kParts = kUnknown + 1;
using PartTimes = std::array<int64_t, kParts>;
inline int64_t of(const PartTimes& times, SectionKind kind) { return times[static_cast<int>(kind)]; }
inline int64_t sum(const PartTimes& times) {
  int64_t total = 0;
  for (int64_t ns : times) total += ns;
  return total;
}

struct Part {
  NodeId node = NodeId::None;
  int64_t calls = 0;  // spans of this node in the request, on its path or not
  PartTimes ns = {};  // on the path
};

// Rows that an earlier call of the same caller brought.
struct RowsBefore {
  NodeId node = NodeId::None;
  int64_t rows = 0;
};

// One caller's calls of one kind, one after the other, none overlapping another.
struct Repeat {
  NodeId node = NodeId::None;  // of the calls
  int64_t calls = 0, failed = 0;
  int64_t total_ns = 0;            // of the calls
  int64_t most_rows = -1;          // of one call; -1: not known
  std::vector<RowsBefore> before;  // of the calls before the first, one a node, the last first
  int64_t pauses_ns = 0;           // between the calls, while the caller has no other call under way
  int64_t pause_ns = 0;            // median
  bool steady = false;             // each pause is as long as the others, or longer than the one before
};

struct Request {
  TraceId trace;
  int64_t start_ns = 0;
  int64_t duration_ns = 0;  // unfinished: at least
  int64_t weight = 1;
  bool unfinished = false;
  std::vector<Part> parts;  // by node
  std::vector<Repeat> repeats;
  std::vector<OwnTime> own_times;
  std::vector<Retry> retries;
  std::vector<FanOut> fan_outs;
  std::optional<Failure> failure;
};

struct Operation {
  TextId name = TextId::Empty, service = TextId::Empty;
  bool statement = false;                            // sent to a database outside any request: by a batch job, a person
  int64_t requests = 0, errors = 0, unfinished = 0;  // weighted
  int64_t total_ns = 0;                              // weighted path time
  std::vector<Weighted> latencies;                   // of all
  std::vector<Request> kept;                         // all, or a sample by trace id where there are too many
  uint64_t kept_below = UINT64_MAX;                  // hash of the trace ids that are kept
};

// What one handling of a statement was: the server's view where it was seen, else the caller's.
struct CallSample {
  int64_t duration_ns = 0;
  WaitSums waits;
  int64_t rows = -1;
};

struct Blame {
  int64_t ns = 0, count = 0;
  std::map<std::string, int64_t> statements;  // the blockers' last statements, by time
};

struct Statement {
  TextId text = TextId::Empty, instance = TextId::Empty, system = TextId::Empty,
         service = TextId::Empty;                     // service: the server's
  int64_t calls = 0, failed = 0, served = 0;          // weighted; served: seen at the server, its waits known
  int64_t running_ns = 0;                             // weighted sum over all calls
  WaitSums waits;                                     // summed
  int64_t rows = 0, rows_known = 0;                   // sum over the calls that say so
  std::vector<CallSample> samples;                    // at most kMaxSamples, the first by trace id
  std::map<std::pair<int, int32_t>, Blame> blockers;  // by (wait, pid)
  std::map<TextId, int64_t> callers;                  // service → calls
  std::map<TextId, int32_t> caller_pids;              // service → its pid that called last
  std::map<int32_t, int64_t> lock_waiters;            // backend's pid → time it waited for locks
  int64_t flushes = 0;                                // calls that mostly waited for the disk
};

// What the recording says about people's programs, beside traces.
struct Surroundings {
  std::vector<Process> processes;
  std::vector<HostInfo> hosts;
  std::vector<LockWait> lock_waits;  // as the database said while recording, or says now
  bool asked = false;                // whether it was asked at all
  std::vector<Connection> connections;
  std::vector<Resource> resources;  // what Span::resource is an index into
};

class WorkloadProfile {
 public:
  // `names` outlives it and may be shared, so that two populations can be compared.
  WorkloadProfile(Interner& names, const Surroundings& around);

  void observe(Trace trace);

  Interner& names() const { return names_; }
  const Surroundings& around() const { return around_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const std::map<StatementId, Statement>& statements() const { return statements_; }  // by Names' statement id
  int64_t path_ns() const { return path_ns_; }                                        // weighted, of all requests
  // The same, but no request counts for more than ten ordinary ones: a few that hang must not make all else look small.
  // A request is compared with requests: a machine may run a batch job beside, of a thousand times their time.
  double ordinary_path_ns(bool requests_only) const;
  double request_path_ns() const;  // weighted, without statements outside any request
  int64_t begin_ns() const { return begin_ns_; }
  int64_t end_ns() const { return end_ns_; }
  // CPU time on behalf of requests, by pid; what appears here takes part in them.
  const std::map<int32_t, int64_t>& participants() const { return participants_; }
  // CPU time of others while requests were ready for a CPU, by pid.
  const std::map<int32_t, int64_t>& cpu_holders() const { return cpu_holders_; }
  // Waits for locks in a database, by the wakers: waiter → holder → time.
  using LockChain = std::map<int32_t, std::map<int32_t, int64_t>>;
  const LockChain& lock_chain() const { return lock_chain_; }
  const CallConcurrency& call_concurrency() const { return call_concurrency_; }
  int64_t spans() const { return spans_; }
  int64_t touched_by_loss() const { return touched_by_loss_; }  // spans with kHole or kLossOverlap
  // Roots that are no operation: of an unknown protocol; sent before the recording.
  int64_t opaque_roots() const { return opaque_roots_; }
  int64_t begun_before() const { return begun_before_; }
  int64_t unfinished() const { return unfinished_; }  // weighted
  const std::map<std::string, int64_t>& defects() const { return defects_; }
  const std::map<TextId, Blame>& mutex_blockers() const { return mutex_blockers_; }  // by service: pid in the text

 private:
  void correct_waits(Trace& trace) const;
  void ask_about(Span& span) const;
  void note_span(const Span& span);
  void note_statement(const Trace& trace, SpanIndex head, StatementId statement);
  void add_request(const Trace& trace, SpanIndex root, const SpanNodes& nodes, std::vector<Repeat> repeats);
  void add_further_requests(const Trace& trace, SpanIndex root, const SpanNodes& nodes);
  Operation& operation_of(const Trace& trace, SpanIndex root, StatementId statement);
  void keep(Operation& operation, Request request);

  Interner& names_;
  const Surroundings& around_;
  ServiceInstances origins_;
  std::unordered_map<int32_t, int64_t> started_;   // pid → start of its life
  std::multimap<int32_t, const LockWait*> asked_;  // by waiter
  std::map<std::pair<TextId, TextId>, uint32_t> operation_index_;
  std::vector<Operation> operations_;
  std::map<StatementId, Statement> statements_;
  std::map<int32_t, int64_t> participants_, cpu_holders_;
  std::map<TextId, Blame> mutex_blockers_;
  LockChain lock_chain_;
  CallConcurrency call_concurrency_;
  std::map<std::string, int64_t> defects_;
  int64_t path_ns_ = 0, spans_ = 0, touched_by_loss_ = 0, opaque_roots_ = 0, begun_before_ = 0, unfinished_ = 0;
  int64_t begin_ns_ = INT64_MAX, end_ns_ = INT64_MIN;
};

}  // namespace culprit::analysis
