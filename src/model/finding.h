// Finding: a cause with its evidence, as `why` reports it. The structure is that of docs/formats/answer.md
// (culprit.why/1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/finding_class.h"
#include "model/ledger.h"
#include "model/span.h"

namespace culprit {

enum class Verdict : uint8_t { Complete, Qualified, Undecided, NoData };
std::string_view to_string(Verdict verdict);  // "complete" …
enum class Confidence : uint8_t { High, Medium, Low };
std::string_view to_string(Confidence confidence);

struct Interval {
  int64_t low_ns = 0, high_ns = 0;
};

struct Entity {
  std::string kind;  // statement service instance host process operation edge lock disk log_template change
  std::string name;
  std::string instance;   // "127.0.0.1:5432/shop"
  std::string system;     // "postgresql"
  std::string statement;  // literals removed
  int32_t pid = 0;        // 0: none
};

struct EvidenceLine {
  std::string text;  // a sentence with its number and unit
  double value = 0;
  std::string unit;  // "ns", "share", "rows", "1/request" …; empty: no value
  std::optional<Interval> interval;
  std::string how;  // "observed", "inferred", "confirmed by the database"
};

struct PathStep {
  std::string entity;  // "gateway", "orders-api", "[statement]"
  double share = 0;    // share of the path's time
};

struct Finding {
  std::string id;  // "f-" and 12 hex digits; equal for the same cause in another recording
  int rank = 0;
  FindingClass cause = FindingClass::Unexplained;
  Mechanism mechanism = Mechanism::None;
  std::string trigger = "none_seen";
  Confidence confidence = Confidence::Low;
  double score = 0;  // 0–1; orders the findings of one answer
  Entity entity;
  std::optional<Entity> holder;  // lock_wait: the lock holder, with its last statement in `statement`
  std::string caller;            // "orders-api"
  int32_t caller_pid = 0;
  std::string operation;  // the slowed root operation, such as "GET /orders"
  std::string title, what;
  struct Effect {
    int64_t requests = 0;
    double share_of_path = 0;
    int64_t before_ns = 0, after_ns = 0;  // p95 of the operation in the baseline (0: no baseline), and in this source
    Interval interval;                    // interval of after_ns
  } effect;
  double calls_per_request = 0;
  std::vector<PathStep> path;
  WaitSums inside;  // the waits of the blamed work
  std::vector<EvidenceLine> evidence;
  std::vector<std::string> against;
  struct NextBest {
    FindingClass cause = FindingClass::Unexplained;
    Entity entity;
    double score = 0;
    std::string what_would_tell;
  };
  std::optional<NextBest> next_best;
  struct Saving {
    int64_t most_ns = 0, likely_ns = 0;  // reductions of the operation's p95
    Interval interval;                   // interval of likely_ns
    std::string assuming;
    // True: comparable work gives the likely saving. False: likely_ns equals most_ns, and the interval has no meaning.
    bool comparable = true;
  } saving;
  std::string would_flip;
  std::vector<TraceId> exemplars;
  std::string reproduce, advice;
};

// The latency of one root operation in the window.
struct OperationSummary {
  std::string name, service;
  int64_t requests = 0, errors = 0, unfinished = 0;
  int64_t p50_ns = 0, p95_ns = 0, p99_ns = 0, total_ns = 0;
};

struct Quality {
  Account account;
  std::vector<std::string> unknown;  // losses that could not be counted
  std::vector<LedgerRow> rows;       // the ledger rows that affect this answer
};

struct Answer {
  Verdict verdict = Verdict::NoData;
  std::string source;
  int64_t from_ns = 0, to_ns = 0;
  std::string baseline_kind = "none";  // given, found, none
  std::string baseline_source;
  // With a baseline: upper bound of the false-alarm rate, at which a change is reported although nothing changed.
  double false_alarms = 0;
  std::string focus;  // the operation that the answer is about; empty: all
  std::string summary;
  OperationSummary operation;                // the operation of the summary
  std::vector<OperationSummary> operations;  // all operations, the largest share of the time first
  std::vector<Finding> findings;             // ordered by rank
  std::vector<std::string> not_seen;
  std::vector<std::string> asked;  // the queries of --ask
  std::string next_command;
  Quality quality;
};

struct OperationChange {
  std::string name;
  int64_t before_requests = 0, after_requests = 0;
  int64_t before_p95_ns = 0, after_p95_ns = 0;
  Interval after_interval;  // the 95 % interval of after_p95_ns
  std::string verdict;      // "faster", "slower", "same", "too few"
};
struct FindingChange {
  Finding finding;                      // the finding in the answer to BEFORE
  std::string verdict;                  // "fixed", "not_fixed", "cannot_tell"
  int64_t before_ns = 0, after_ns = 0;  // p95 of the finding's operation
  Interval after_interval;
  struct Prediction {
    int64_t p95_ns = 0;
    Interval interval;
  };
  std::optional<Prediction> predicted;  // empty if BEFORE had nothing comparable to the cause
  std::string prediction = "none";      // "inside", "outside", "none"
  std::string why;                      // the reason in one line
};
struct Comparison {
  Verdict verdict = Verdict::NoData;
  std::string before, after;
  int64_t before_from_ns = 0, before_to_ns = 0, from_ns = 0, to_ns = 0;  // what was looked at of each; 0: nothing
  std::vector<FindingChange> findings;
  std::vector<OperationChange> operations;
  std::vector<Finding> appeared;  // causes in AFTER that are not in BEFORE
  // Upper bound of the false-alarm rate, at which a change is reported although nothing changed.
  double false_alarms = 0;
  Quality quality;
};

}  // namespace culprit
