// poll_wait: a caller asks repeatedly whether something has happened, and pauses in between.
//
//   POST /report   ├────────────────────────────────────────┤
//     INSERT job   ├─┤
//     SELECT state     ├┤        ├┤        ├┤        ├┤         "done?": the pauses are equal, or grow
//
// The signature: pauses that are longer than the calls and as steady as a timer's; or, if the caller's thread was
// recorded, sleep in the pauses. A caller that runs between its calls is working.
#include <algorithm>

#include "analysis/detectors/repeated_calls.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

struct CallersTime {
  int64_t running_ns = 0, waiting_ns = 0, unknown_ns = 0;
};

// Returns the caller's own time on the path of a request.
CallersTime callers_time(const Interner& names, const Request& request, TextId service) {
  CallersTime times;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    if (node.service != service || node.role == Role::Call || node.statement != StatementId::None) continue;
    times.running_ns += of(part.ns, SectionKind::Own) + of(part.ns, SectionKind::Runnable);
    times.unknown_ns += part.ns[kUnknown];
    times.waiting_ns += of(part.ns, SectionKind::Sleep) + of(part.ns, SectionKind::Unexplained) +
                        of(part.ns, SectionKind::Lock) + of(part.ns, SectionKind::Peer);
  }
  return times;
}

struct Paused {
  int64_t ns = 0, waiting_ns = 0, running_ns = 0;  // of the requests with the loop
};

Paused paused_in(const WorkloadProfile& now, const Loop& loop) {
  Paused all;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      const LoopTimes times = times_of(now.names(), request, loop.nodes);
      if (times.calls == 0) continue;
      const CallersTime own = callers_time(now.names(), request, loop.service);
      all.ns += times.pauses_ns, all.waiting_ns += own.waiting_ns, all.running_ns += own.running_ns;
    }
  return all;
}

}  // namespace

std::vector<Cause> find_poll_waits(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (const auto& [key, loop] : find_loops(input.now)) {
    if (!loop.is_paused() || loop.growth() == Growth::Rows) continue;
    const Paused paused = paused_in(input.now, loop);
    const bool sleeps = paused.waiting_ns * 2 >= paused.ns, runs = paused.running_ns * 2 >= paused.ns;
    if (runs || !(sleeps || loop.is_steady())) continue;
    Cause cause;
    name_calls(cause, input.now, loop);
    cause.cause = FindingClass::PollWait;
    cause.mechanism = Mechanism::Poll;
    cause.entity = {"process", loop.caller, cause.entity.instance, cause.entity.system, loop.label, 0};
    cause.inside = {};
    cause.statement = StatementId::None;
    cause.quality = sleeps ? kObserved : kInferred;
    cause.pathological = true;
    cause.comparable = false;
    const int64_t pause_ns = median(loop.pauses);
    cause.phrase = loop.caller + " pauses between its calls of one kind for {share} of it";
    cause.what = "a pause of " + format_duration(pause_ns) + " between " + format_count(median(loop.calls)) +
                 " calls per request (median), which take " + format_duration(loop.mean_call_ns()) +
                 " each: " + loop.label;
    cause.evidence.push_back(observed(cause.what, static_cast<double>(pause_ns), "ns"));
    if (sleeps)
      cause.evidence.push_back(observed(loop.caller + " sleeps meanwhile"));
    else
      cause.evidence.push_back(inferred("the pauses are as steady as a timer's"));
    if (!sleeps)
      cause.against.push_back("whether " + loop.caller + " computes or sleeps meanwhile: these traces do not tell");
    cause.against.push_back("what " + loop.caller +
                            " waits for may itself be slow: then more frequent polls save little");
    cause.assuming = "it learns at once of what it asks for";
    cause.advice =
        "let " + loop.caller + " be told instead of asking again: a notification, a blocking read, or a shorter pause";
    cause.would_tell = "one recording with half the pause";
    cause.blamed = [service = loop.service](const CallNode& node) {
      return node.service == service && node.role != Role::Call && node.statement == StatementId::None;
    };
    cause.saved = [&names, nodes = loop.nodes, service = loop.service](const Request& request) {
      const CallersTime own = callers_time(names, request, service);
      const int64_t ns = std::min(times_of(names, request, nodes).pauses_ns, own.waiting_ns + own.unknown_ns);
      return Saved{ns, ns, 0};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
