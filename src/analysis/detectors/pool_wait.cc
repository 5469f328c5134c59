// pool_wait: requests wait for a connection or a worker of a pool with a fixed size before their call begins.
//
// The signature is the gap before a call, in which the request has no active call. In these gaps, k calls of the same
// service to the same peer are active, and never more: the concurrency stays at k, with a queue beside it. If the
// service's threads were recorded, they are blocked in the gaps; a service that runs before its calls has no such pool.
#include <algorithm>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Shorter gaps are a service's normal work before its call.
constexpr int64_t kLongGap = 5'000'000;
// The share of the gaps' time with all members of the pool in use. The remaining time is the hand-over between two
// calls.
constexpr double kFlat = 0.8;

int64_t waiting(const PartTimes& ns) {
  return of(ns, SectionKind::Lock) + of(ns, SectionKind::Sleep) + of(ns, SectionKind::Unexplained) +
         of(ns, SectionKind::Peer) + of(ns, SectionKind::Network) + ns[kUnknown];
}

bool is_own(const CallNode& node, TextId service) {
  return node.service == service && node.statement == StatementId::None && node.role != Role::Call;
}

struct Times {
  int64_t waiting_ns = 0, unknown_ns = 0, running_ns = 0;
};

Times times_in(const WorkloadProfile& now, TextId service) {
  Times times;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      for (const Part& part : request.parts) {
        if (!is_own(now.names().node(part.node), service)) continue;
        times.waiting_ns += waiting(part.ns), times.unknown_ns += part.ns[kUnknown];
        times.running_ns += of(part.ns, SectionKind::Own) + of(part.ns, SectionKind::Runnable);
      }
  return times;
}

bool is_pool(const Plateau& plateau) {
  return plateau.size > 0 && plateau.gaps >= kFewestAffected && plateau.at_size >= kFlat &&
         plateau.gap_ns >= kLongGap && plateau.longest_queue >= 2;
}

void describe(Cause& cause, const Plateau& plateau, const std::string& peer, bool watched) {
  const std::string k = format_count(plateau.size);
  const bool one = plateau.size == 1;
  cause.phrase = "requests wait in " + cause.entity.name + " for " +
                 (one ? "its one connection to " : "one of its " + k + " connections to ") + peer +
                 " for {share} of their time";
  cause.what = format_duration(plateau.gap_ns) + " pass before a call to " + peer + " begins (mean of " +
               format_count(plateau.gaps) + " calls), and never more than " + k + (one ? " call is" : " calls are") +
               " under way";
  cause.evidence.push_back(observed(cause.what, static_cast<double>(plateau.gap_ns), "ns"));
  char mean[32];
  std::snprintf(mean, sizeof mean, "%.1f", plateau.mean_calls);
  cause.evidence.push_back(observed((one ? "it is in use for " : "all " + k + " are in use for ") +
                                        format_share(plateau.at_size) + " of that time; " + mean +
                                        " calls are under way on average, and up to " +
                                        format_count(plateau.longest_queue) + " requests wait at once",
                                    plateau.at_size, "share"));
  if (!watched)
    cause.against.push_back("whether the requests wait or work before their call: these traces do not tell");
  cause.assuming = "a connection is free when it is asked for";
  cause.advice = "hold each connection for less time, or give the pool more than " + (one ? "one" : k) + " where " +
                 peer + " can serve more at once";
  cause.would_tell = "one recording with a larger pool";
}

}  // namespace

std::vector<Cause> find_pool_waits(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (const auto& [ends, edge] : input.now.call_concurrency().edges()) {
    const TextId service = ends.first;
    const Plateau plateau = find_plateau(edge, kLongGap);
    if (!is_pool(plateau)) continue;
    const Times times = times_in(input.now, service);
    if (times.waiting_ns <= times.running_ns) continue;
    const bool watched = times.unknown_ns * 2 < times.waiting_ns;
    Cause cause;
    cause.cause = FindingClass::PoolWait;
    const std::string& peer = names.text(ends.second);
    cause.entity = {"process", names.text(service), names.instance(ends.second), "", "", 0};
    cause.caller = cause.queued_in = cause.entity.name;
    cause.quality = kInferred;
    cause.pathological = true;
    cause.comparable = false;
    describe(cause, plateau, peer.empty() ? "its peer" : peer, watched);
    cause.blamed = [service](const CallNode& node) { return is_own(node, service); };
    cause.blamed_kinds = {SectionKind::Lock, SectionKind::Sleep,   SectionKind::Unexplained,
                          SectionKind::Peer, SectionKind::Network, SectionKind::Own};
    if (watched) cause.blamed_kinds.pop_back();  // its running time is its own work
    cause.saved = [&names, service](const Request& request) {
      int64_t ns = sum_parts(names, request, [&](const CallNode& node, const Part& part) {
        return is_own(node, service) ? waiting(part.ns) : 0;
      });
      return Saved{ns, ns, 0};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
