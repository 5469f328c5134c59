// fsync_storm: a request waits for flushes to the disk repeatedly, where one flush would be enough.
//
// One flush per request is the price of durability, however slow the disk is: that is not reported.
#include <algorithm>

#include "analysis/detectors/detector.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Two commits may be separate transactions by design; three or more are a loop that commits.
constexpr double kFewestFlushes = 3;
// Without recorded waits, a commit's time is a flush's by inference only: the threshold is that of an N+1.
constexpr double kFewestUnseen = 5;

struct Flushes {
  double per_request = 0;  // mean calls of the requests that have any
  std::string operation;
};

Flushes count_flushes(const WorkloadProfile& now, StatementId statement) {
  Flushes most;
  for (const Operation& operation : now.operations()) {
    int64_t calls = 0, requests = 0;
    for (const Request& request : operation.kept) {
      int64_t here = sum_parts(now.names(), request, [&](const CallNode& node, const Part& part) {
        bool ours = node.statement == statement && (node.role == Role::Served || !node.callee_seen);
        return ours ? part.calls : 0;
      });
      calls += here;
      requests += here > 0;
    }
    double per_request = requests > 0 ? static_cast<double>(calls) / static_cast<double>(requests) : 0;
    if (per_request > most.per_request) most = {per_request, now.names().text(operation.name)};
  }
  return most;
}

struct Flush {
  int64_t ns = 0, around_ns = 0, calls = 0;
};

// Returns the time that a removed commit would save: all of it, with its waits, its BEGIN, and its caller's work around
// both. For a write that commits by itself: its disk time.
Flush flush_in(const Interner& names, const Request& request, StatementId statement, bool commit) {
  Flush flush;
  TextId instance = names.statement(statement).instance;
  auto ours = [&](const CallNode& node) { return same_statement(names, node.statement, statement); };
  auto goes = [&](const CallNode& node) {
    if (node.statement == StatementId::None) return false;
    const StatementName& name = names.statement(node.statement);
    return ours(node) || (name.instance == instance && sort_of(names.text(name.text)) == StatementSort::Control);
  };
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    if (ours(node) && (node.role == Role::Served || !node.callee_seen)) flush.calls += part.calls;
    if (commit && goes(node)) flush.ns += sum(part.ns);
    if (!commit && ours(node) && node.role == Role::Served) flush.ns += of(part.ns, SectionKind::Disk);
  }
  if (commit && flush.calls > 0) flush.around_ns = around_calls(names, request, goes);
  return flush;
}

}  // namespace

std::vector<Cause> find_fsync_storms(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (const auto& [id, statement] : input.now.statements()) {
    if (input.cancelled()) break;
    const std::string& text = names.text(statement.text);
    StatementSort sort = sort_of(text);
    bool commit = sort == StatementSort::Commit, seen = statement.served > 0;
    if (!commit && (sort != StatementSort::Write || !seen)) continue;
    Flushes flushes = count_flushes(input.now, id);
    // A commit's lock wait is for the log; a write's may be for a row.
    int64_t flushing_ns = statement.waits[Wait::Disk] + (commit ? statement.waits[Wait::Lock] : 0);
    bool waits =
        !seen || statement.flushes * 3 >= statement.served || flushing_ns * 3 >= statement.waits[Wait::Running] * 2;
    if (flushes.per_request < (seen ? kFewestFlushes : kFewestUnseen) || !waits) continue;
    Cause cause;
    cause.cause = FindingClass::FsyncStorm;
    cause.entity = {"statement", text, names.instance(statement.instance), names.text(statement.system), text, 0};
    cause.quality = seen ? kObserved : kInferred;
    cause.pathological = true;
    std::string per = format_count(static_cast<int64_t>(flushes.per_request + 0.5));
    cause.phrase = per + (commit ? " commits per request, each with its flush, take {share} of it"
                                 : " flushes per request take {share} of it");
    int64_t each_ns = statement.waits[Wait::Disk] / std::max<int64_t>(statement.served, 1);
    cause.what = per + " flushes to disk per request" +
                 (seen ? ", " + format_duration(each_ns) + " of disk wait each" : "") + ": one would do";
    cause.evidence.push_back(seen ? observed(cause.what, flushes.per_request, "1/request")
                                  : inferred(cause.what, flushes.per_request, "1/request"));
    cause.assuming = "the request commits once";
    cause.advice = "commit once per request, not once per row: one transaction around the loop";
    cause.would_tell =
        seen ? "one recording with synchronous_commit=off" : "sudo culprit record on the database's machine";
    if (!seen) cause.against.push_back("that a commit's time is the disk's is inferred: these traces do not tell");
    cause.inside = statement.waits;
    cause.statement = id;
    cause.calls_of_statement = statement.calls;
    cause.blamed = [&names, id = id](const CallNode& node) { return same_statement(names, node.statement, id); };
    cause.saved = [&names, id = id, commit](const Request& request) {
      Flush flush = flush_in(names, request, id, commit);
      if (flush.calls == 0) return Saved{};
      auto all_but_one = [&](int64_t ns) { return ns / flush.calls * (flush.calls - 1); };
      int64_t likely = all_but_one(flush.ns + flush.around_ns);
      // The conservative estimate leaves out the caller's work around the calls.
      return Saved{flush.ns + flush.around_ns, likely, all_but_one(flush.ns)};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
