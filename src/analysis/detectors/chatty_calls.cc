// chatty_calls: a request makes many small calls to one peer, one after the other. Nothing shows that they are a loop
// over the rows of a query: their texts were not recorded, or their number does not follow any query's rows.
#include <algorithm>

#include "analysis/detectors/repeated_calls.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// From this number of small calls on, round trips dominate; five calls are common in programs.
constexpr int64_t kMany = 10;
// A call that takes longer is not small: it is slow itself.
constexpr int64_t kSmall = 5'000'000;

// Returns whether most requests of the loop wait for a disk within its calls. Where the texts are unknown, this is the sign
// of a transaction that writes: its commit is flushed. A program writes row by row where it imports, in one transaction.
bool flushes(const WorkloadProfile& now, const Loop& loop) {
  const Interner& names = now.names();
  int64_t flushing = 0;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      flushing += std::any_of(request.parts.begin(), request.parts.end(), [&](const Part& part) {
        const CallNode& node = names.node(part.node);
        const bool ours = loop.nodes.contains(part.node) || loop.nodes.contains(node.parent);
        return ours && of(part.ns, SectionKind::Disk) > 0;
      });
  return flushing * 2 > loop.requests;
}

bool is_chatty(const WorkloadProfile& now, const Loop& loop) {
  if (median(loop.calls) < kMany || loop.mean_call_ns() > kSmall) return false;
  if (loop.is_paused() || tries_a_lock(loop) || reads_page_by_page(loop) || loop.failing * 2 > loop.requests)
    return false;
  if (!only_reads(loop)) return false;
  const bool unseen = loop.statement != StatementId::None && loop.label == kUnknownStatement;
  if (unseen && flushes(now, loop)) return false;
  return unseen || loop.growth() == Growth::NotByRows || !asks_for_another_each_time(loop);
}

}  // namespace

std::vector<Cause> find_chatty_calls(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (const auto& [key, loop] : find_loops(input.now)) {
    if (!is_chatty(input.now, loop)) continue;
    Cause cause;
    cause.cause = FindingClass::ChattyCalls;
    name_calls(cause, input.now, loop);
    const std::string peer = loop.peer.empty() ? cause.entity.system : loop.peer;
    cause.entity = {"edge", loop.caller + " → " + peer, loop.peer, cause.entity.system, "", 0};
    cause.quality = kInferred;
    cause.pathological = true;
    cause.comparable = false;
    const std::string times = format_count(median(loop.calls));
    cause.phrase = loop.caller + " sends " + times + " small calls per request to " + peer + ": {share} of it";
    cause.what =
        times + " calls per request (median), one after the other, " + format_duration(loop.mean_call_ns()) + " each";
    cause.evidence.push_back(observed(cause.what, static_cast<double>(median(loop.calls)), "1/request"));
    if (loop.label == kUnknownStatement)
      cause.against.push_back("whether they ask the same thing: neither their texts nor their rows were recorded");
    else
      cause.against.push_back("their number does not follow the rows of an earlier query");
    cause.assuming = "one call does what all of them do";
    cause.advice = "ask " + peer + " once for all of it";
    cause.would_tell = "the texts of the calls: the program's own traces, or a recording without encryption";
    cause.blamed = blame_calls(names, loop);
    cause.saved = [&names, nodes = loop.nodes](const Request& request) {
      const LoopTimes times = times_of(names, request, nodes);
      if (times.calls == 0) return Saved{};
      const int64_t ns = times.ns - times.ns / times.calls + times.around_ns;
      return Saved{ns, ns, 0};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
