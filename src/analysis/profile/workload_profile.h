// WorkloadProfile: all requests of a recording, each as the parts of its critical path. All causes are derived from it.
//
// Traces are added one by one and not kept. A request keeps its path as parts: the time in a node of the call tree, for
// each kind of section. All requests share the nodes: a thousand calls of one statement by one caller are one part.
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

// The kinds of sections, and one more: the own time of spans whose waits were not recorded.
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
  PartTimes ns = {};  // time on the path
};

// The rows that an earlier call of the same caller returned.
struct RowsBefore {
  NodeId node = NodeId::None;
  int64_t rows = 0;
};

// Calls of one kind by one caller, one after the other without overlap.
struct Repeat {
  NodeId node = NodeId::None;  // node of the calls
  int64_t calls = 0, failed = 0;
  int64_t total_ns = 0;            // sum of the calls' durations
  int64_t most_rows = -1;          // the most rows of one call; -1: unknown
  std::vector<RowsBefore> before;  // rows of calls before the first, one entry for each node, the last call first
  int64_t pauses_ns = 0;           // time between the calls, without other active calls of the caller
  int64_t pause_ns = 0;            // median pause
  bool steady = false;             // all pauses have the same length, or each is longer than the one before
};

struct Request {
  TraceId trace;
  int64_t start_ns = 0;
  int64_t duration_ns = 0;  // for an unfinished request: the least duration
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
  // sent to a database outside any request, for example by a batch job or a person
  bool statement = false;
  bool job = false;                                  // started by a program itself, not by an incoming request
  int64_t requests = 0, errors = 0, unfinished = 0;  // weighted counts
  int64_t total_ns = 0;                              // weighted time on the path
  std::vector<Weighted> latencies;                   // of all requests
  std::vector<Request> kept;                         // all requests, or a sample by trace id if there are too many
  uint64_t kept_below = UINT64_MAX;                  // the largest hash of trace ids that are kept
};

// One handling of a statement: from the server's span if it was recorded, else from the caller's.
struct CallSample {
  int64_t duration_ns = 0;
  WaitSums waits;
  int64_t rows = -1;
};

struct BlockedTime {
  int64_t ns = 0, count = 0;
  std::map<std::string, int64_t> statements;  // the blockers' last statements, with the time they blocked
};

struct Statement {
  TextId text = TextId::Empty, instance = TextId::Empty, system = TextId::Empty,
         service = TextId::Empty;             // service: the server's
  int64_t calls = 0, failed = 0, served = 0;  // weighted counts; served: seen at the server, with known waits
  int64_t running_ns = 0;                     // weighted sum over all calls
  WaitSums waits;                             // weighted sum
  int64_t rows = 0, rows_known = 0;           // sum over the calls whose rows are known, and their number
  std::vector<CallSample> samples;            // at most kMaxSamples, the first by trace id
  std::map<std::pair<int, int32_t>, BlockedTime> blockers;  // key: (wait, pid)
  std::map<TextId, int64_t> callers;                        // service → number of calls
  std::map<TextId, int32_t> caller_pids;                    // service → pid that called last
  std::map<int32_t, int64_t> lock_waiters;                  // backend's pid → time it waited for locks
  int64_t flushes = 0;                                      // calls that mostly waited for the disk
};

// Facts of the recording about the machine's programs, beside the traces.
struct RecordingFacts {
  std::vector<Process> processes;
  std::vector<HostInfo> hosts;
  std::vector<LockWait> lock_waits;  // as the database reported during the recording, or reports now
  bool asked = false;                // whether the database was asked
  std::vector<Connection> connections;
  std::vector<Resource> resources;  // indexed by Span::resource
};

class WorkloadProfile {
 public:
  // `names` and `facts` must outlive the profile; `names` may be shared, so that two profiles can be compared.
  WorkloadProfile(Interner& names, const RecordingFacts& facts);

  void observe(Trace trace);

  Interner& names() const { return names_; }
  const RecordingFacts& facts() const { return facts_; }
  const std::vector<Operation>& operations() const { return operations_; }
  // key: statement id of the interner
  const std::map<StatementId, Statement>& statements() const { return statements_; }
  int64_t path_ns() const { return path_ns_; }  // weighted, of all requests
  // The same, but a request counts for at most ten ordinary ones: a few requests that hang must not make all others
  // look small. With `requests_only`, statements outside any request do not count: a batch job on the machine may take
  // a thousand times a request's time.
  double ordinary_path_ns(bool requests_only) const;
  double request_path_ns() const;  // weighted, without statements outside of requests
  int64_t begin_ns() const { return begin_ns_; }
  int64_t end_ns() const { return end_ns_; }
  // CPU time for requests, by pid; every pid in the result takes part in requests.
  const std::map<int32_t, int64_t>& participants() const { return participants_; }
  // CPU time of other processes while requests were waiting for a CPU, by pid.
  const std::map<int32_t, int64_t>& cpu_holders() const { return cpu_holders_; }
  // Lock waits in a database, derived from wake-ups: waiter → holder → time.
  using LockChain = std::map<int32_t, std::map<int32_t, int64_t>>;
  const LockChain& lock_chain() const { return lock_chain_; }
  const CallConcurrency& call_concurrency() const { return call_concurrency_; }
  int64_t spans() const { return spans_; }
  int64_t touched_by_loss() const { return touched_by_loss_; }  // spans with kHole or kLossOverlap
  // Roots that are no operation: opaque_roots() of an unknown protocol, begun_before() sent before the recording.
  int64_t opaque_roots() const { return opaque_roots_; }
  int64_t begun_before() const { return begun_before_; }
  int64_t unfinished() const { return unfinished_; }  // weighted count
  const std::map<std::string, int64_t>& defects() const { return defects_; }
  // by service; the pid is in the text
  const std::map<TextId, BlockedTime>& mutex_blockers() const { return mutex_blockers_; }

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
  const RecordingFacts& facts_;
  ServiceInstances origins_;
  std::unordered_map<int32_t, int64_t> started_;   // pid → start time of the process
  std::multimap<int32_t, const LockWait*> asked_;  // key: pid of the waiter
  std::map<std::pair<TextId, TextId>, uint32_t> operation_index_;
  std::vector<Operation> operations_;
  std::map<StatementId, Statement> statements_;
  std::map<int32_t, int64_t> participants_, cpu_holders_;
  std::map<TextId, BlockedTime> mutex_blockers_;
  LockChain lock_chain_;
  CallConcurrency call_concurrency_;
  std::map<std::string, int64_t> defects_;
  int64_t path_ns_ = 0, spans_ = 0, touched_by_loss_ = 0, opaque_roots_ = 0, begun_before_ = 0, unfinished_ = 0;
  int64_t begin_ns_ = INT64_MAX, end_ns_ = INT64_MIN;
};

}  // namespace culprit::analysis
