// Cause: a possible cause, passed from the detectors to the ranking.
//
// One ranking rule holds for all classes:
//
//     score = (path time that would likely be saved without the cause) ÷ (path time of all requests) × evidence
//
// A class may claim only the time that its own mechanism explains. A statement that waits for a CPU is not slow, a
// caller is not the cause of its callee's time, a flush is not a round trip. `evidence` is one of kConfirmed … kGuessed
// below.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/workload_profile.h"
#include "model/database_inspector.h"
#include "model/finding.h"

namespace culprit::analysis {

constexpr double kConfirmed = 1.0;  // confirmed by a second, independent source: the database itself
constexpr double kObserved = 0.9;   // the mechanism itself was recorded
constexpr double kInferred = 0.7;   // the mechanism follows from what was recorded
constexpr double kGuessed = 0.5;    // only durations are known; more than one mechanism would fit

// A finding must be material for its operation: a fifth of the operation's time, and at least a millisecond per
// request, below which no user and no client notices. Both must hold.
constexpr double kMaterialShare = 0.2;
constexpr int64_t kMaterialNs = 1'000'000;
// A finding must also be material for the whole system: one part in twenty of all requests' time, or a tenth of a
// second per request, which a user notices in any case.
constexpr double kMaterialOfAll = 0.05;
constexpr int64_t kNoticedNs = 100'000'000;
// Fewer affected requests may be a coincidence (facts: quality.md §1.4), unless they take most of all time.
constexpr int64_t kFewestAffected = 10;
// Three requests that are stuck for most of the recording are no coincidence.
constexpr int64_t kAFew = 3;
constexpr double kMostOfAll = 0.5;
// One failed request in twenty violates any service level objective.
constexpr double kMaterialFailing = 0.05;
// With a baseline the change itself is evidence: half of the share is enough for a finding.
constexpr double kMaterialChange = 0.1;

// The time that one request would save.
struct Saved {
  int64_t most_ns = 0;    // without the cause, with no time in its nodes; equal to the mechanism's own time
  int64_t likely_ns = 0;  // if it cost as much as comparable work here
  int64_t least_ns = 0;   // the conservative estimate
  Saved operator+(const Saved& other) const {
    return {most_ns + other.most_ns, likely_ns + other.likely_ns, least_ns + other.least_ns};
  }
};

struct Work {
  int64_t ns = 0, calls = 0;
};

struct Cause {
  FindingClass cause = FindingClass::Unexplained;
  Mechanism mechanism = Mechanism::None;
  Entity entity;
  std::optional<Entity> holder;
  bool holder_idle = false;  // the database reported that the session runs no statement
  std::string caller;
  int32_t caller_pid = 0;
  std::string
      // the service inside which requests wait, possibly in a queue for a resource that its calls hold; empty: no queue
      queued_in;
  double quality = kGuessed;
  // the highest quality that a change since the baseline may give: a change shows where time is lost, not why
  double best_quality = kConfirmed;
  std::function<Saved(const Request&)> saved;
  std::function<bool(const CallNode&)> blamed;  // whether a node's time belongs to the cause, for the path
  std::vector<SectionKind> blamed_kinds;        // kinds of that time; empty: all
  // Work and number of calls, used if a change must be measured per call: more calls of a statement do not make it
  // slow. May be empty.
  std::function<Work(const Request&)> work;
  // Whether a request failed because of the cause: then the number of such requests counts, not only their time. May be
  // empty.
  std::function<bool(const Request&)> fails;
  std::string trigger = "none_seen";
  // Whether there is comparable work, from which the likely time in `saved` is estimated. Otherwise likely and most are equal in
  // `saved`, and the answer shows only the upper bound.
  bool comparable = true;
  // Whether the signature holds without a baseline. With a baseline, a change alone is enough.
  bool pathological = false;
  // The time may be intended (a report, maintenance, many rows): no finding by itself. The completeness rule may still
  // turn it into a finding, with low confidence.
  bool exempt = false;
  std::vector<EvidenceLine> evidence;
  std::vector<std::string> against;
  std::string what;    // the reason for the slowness, in one line
  std::string phrase;  // "one statement takes {share} of it"; {share} is replaced
  std::string assuming, advice, would_tell;
  WaitSums inside;
  int64_t cpu_ns = 0;  // CPU time of its work: other threads' waits for a CPU are attributed to it in proportion
  StatementId statement = StatementId::None;
  int64_t calls_of_statement = 0;

  bool blames(const CallNode& node, SectionKind kind) const;
};

// Returns whether `id` is the statement `wanted`, or the same text at another instance: the baseline's server may have
// had another port.
bool same_statement(const Interner& names, StatementId id, StatementId wanted);

// Returns the own time of callers that would disappear with the removed calls. Each call of a node is assumed to cost
// its caller the same time.
int64_t around_calls(const Interner& names, const Request& request,
                     const std::function<bool(const CallNode&)>& removed);

// Sums over a request's parts: wanted(node, part) returns the time to count.
int64_t sum_parts(const Interner& names, const Request& request,
                  const std::function<int64_t(const CallNode&, const Part&)>& wanted);

EvidenceLine observed(std::string text, double value = 0, std::string unit = "");
EvidenceLine inferred(std::string text, double value = 0, std::string unit = "");

// Returns whether a node is below another service, which waits for it.
bool has_caller(const Interner& names, const CallNode& node);

}  // namespace culprit::analysis
