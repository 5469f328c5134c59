// Cause: what may be to blame, as the detectors of root_cause/ hand it to the ranking.
//
// The one ranking rule, the same for all classes:
//
//     score = (path time that would likely be saved if the cause were gone) ÷ (path time of all requests) × evidence
//
// where a class may claim only the time that its own mechanism explains: a statement that waits for a CPU is not slow, a
// caller is never blamed for its callee, a flush is not a round trip. `evidence` is kConfirmed … kGuessed below.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/workload_profile.h"
#include "model/database_inspector.h"
#include "model/finding.h"

namespace culprit::analysis {

constexpr double kConfirmed = 1.0;  // a second, independent witness: the database's own word
constexpr double kObserved = 0.9;   // the mechanism itself was recorded
constexpr double kInferred = 0.7;   // the mechanism follows from what was recorded
constexpr double kGuessed = 0.5;    // only durations; more than one mechanism would fit

// A finding is of use where it is worth something: a fifth of the operation's time, and a millisecond per request, below
// which no person and no client notices. Both must hold.
constexpr double kMaterialShare = 0.2;
constexpr int64_t kMaterialNs = 1'000'000;
// And worth it to the whole: one part in twenty of all the time that is waited here, or a tenth of a second per request,
// which its user notices whatever else goes on.
constexpr double kMaterialOfAll = 0.05;
constexpr int64_t kNoticedNs = 100'000'000;
// Fewer affected requests are an accident, not a pattern (facts: quality.md §1.4), unless most of all time is theirs.
constexpr int64_t kFewestAffected = 10;
// Stuck for most of the recording, three are no accident.
constexpr int64_t kAFew = 3;
constexpr double kMostOfAll = 0.5;
// One failed request in twenty is what a service level of any strictness forbids.
constexpr double kMaterialFailing = 0.05;
// With a baseline a change is evidence of its own, and half as much is worth saying.
constexpr double kMaterialChange = 0.1;

// What one request would save.
struct Saved {
  int64_t most_ns = 0;    // the cause gone and nothing in its node; also: what the mechanism took
  int64_t likely_ns = 0;  // it costs what comparable work costs here
  int64_t least_ns = 0;   // the careful end of likely
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
  bool holder_idle = false;  // the database said that it runs nothing
  std::string caller;
  int32_t caller_pid = 0;
  std::string
      queued_in;  // the service inside which requests wait, it may be in a queue for what its calls hold; empty: no queue
  double quality = kGuessed;
  double best_quality = kConfirmed;  // that a change since the baseline may give it: a change says that, not why
  std::function<Saved(const Request&)> saved;
  std::function<bool(const CallNode&)> blamed;  // whether a node's time is the cause's, for the path
  std::vector<SectionKind> blamed_kinds;        // of that time; empty: all
  // Work and calls, where a change must be told per call: more calls of a statement don't make it slow. May be empty.
  std::function<Work(const Request&)> work;
  // Requests that failed of it: of these it is counted how many, not only how long they took. May be empty.
  std::function<bool(const Request&)> fails;
  std::string trigger = "none_seen";
  // Whether comparable work tells what it would likely cost instead: else `saved` says for likely what it says for most, and
  // the answer gives the upper bound alone.
  bool comparable = true;
  // Whether the signature holds without a baseline; with one, a change alone is enough.
  bool pathological = false;
  // Its time may be meant (a report, maintenance, many rows): no finding by itself, but where the completeness rule asks for one,
  // and then with low confidence.
  bool exempt = false;
  std::vector<EvidenceLine> evidence;
  std::vector<std::string> against;
  std::string what;    // why it is slow, one line
  std::string phrase;  // "one statement takes {share} of it"; {share} is filled in
  std::string assuming, advice, would_tell;
  WaitSums inside;
  int64_t cpu_ns = 0;  // CPU time of its work: what waits for a CPU meanwhile waits for this in that proportion
  StatementId statement = StatementId::None;
  int64_t calls_of_statement = 0;

  bool blames(const CallNode& node, SectionKind kind) const;
};

// Whether `id` is the statement `wanted`, or the same text at another instance: a baseline may have had another port.
bool same_statement(const Interner& names, StatementId id, StatementId wanted);

// What the callers of removed calls no longer do around them: of their own time the removed calls' part, as the calls of one
// node cost it about the same each.
int64_t around_calls(const Interner& names, const Request& request,
                     const std::function<bool(const CallNode&)>& removed);

// Sums a request's parts for which `wanted(node, part)` is true: wanted returns the time to count.
int64_t sum_parts(const Interner& names, const Request& request,
                  const std::function<int64_t(const CallNode&, const Part&)>& wanted);

EvidenceLine observed(std::string text, double value = 0, std::string unit = "");
EvidenceLine inferred(std::string text, double value = 0, std::string unit = "");

// Whether a node lies below another service, which waits for it.
bool has_caller(const Interner& names, const CallNode& node);

}  // namespace culprit::analysis
