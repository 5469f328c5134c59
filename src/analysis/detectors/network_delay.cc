// network_delay: the time between the caller's and the callee's span of one call: the network, and the queues at both
// ends. Needs spans of both ends. If the ends themselves were recorded, queues for a CPU have sections of their own.
//
//   caller  ├────────────── call ──────────────┤
//   callee           ├─── served ───┤
//           ├─ gap ──┤              ├── gap ───┤
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A round trip across a continent takes less; a longer gap contains a wait.
constexpr int64_t kLongGap = 100'000'000;
// more than a data centre's network needs; used if other edges of the trace show how fast it can be
constexpr int64_t kGap = 20'000'000;
constexpr int64_t kTimesComparable = 10;
constexpr int64_t kCarefulTimes = 3;

using Ends = std::pair<TextId, TextId>;  // services: caller, callee

struct Edge {
  std::vector<int64_t> gaps;  // mean gap of a call, for each request
  std::set<NodeId> nodes;
};

// Returns the callee of each node that is a call with a recorded other end.
std::map<NodeId, TextId> callees(const Interner& names) {
  std::map<NodeId, TextId> found;
  for (NodeId id{}; id < names.end_of_nodes(); id = next(id)) {
    const CallNode& node = names.node(id);
    if (node.role != Role::Served || node.parent == NodeId::None || node.statement != StatementId::None) continue;
    if (names.node(node.parent).role == Role::Call) found.emplace(node.parent, node.service);
  }
  return found;
}

std::map<Ends, Edge> gather(const WorkloadProfile& now, const std::map<NodeId, TextId>& callees) {
  std::map<Ends, Edge> edges;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      for (const Part& part : request.parts) {
        auto callee = callees.find(part.node);
        int64_t gap = of(part.ns, SectionKind::Callee);
        if (callee == callees.end() || gap == 0) continue;
        Edge& edge = edges[{now.names().node(part.node).service, callee->second}];
        edge.gaps.push_back(gap / std::max<int64_t>(part.calls, 1));
        edge.nodes.insert(part.node);
      }
  return edges;
}

// Returns the time on the network to other callees: all callers of one callee wait in the same queue.
int64_t comparable(const std::map<Ends, Edge>& edges, const Ends& ends) {
  std::vector<int64_t> others;
  for (const auto& [other, edge] : edges)
    if (other.second != ends.second) others.push_back(median(edge.gaps));
  return others.empty() ? 0 : median(others);
}

void describe(Cause& cause, const Edge& edge, const Groups& groups, bool some, int64_t comparable_ns) {
  cause.phrase = "the way between " + cause.caller + " and its callee takes {share} of it";
  if (some)
    cause.what = format_duration(groups.slow_ns) + " per call in " + format_count(static_cast<int64_t>(groups.slow)) +
                 " of " + format_count(static_cast<int64_t>(groups.all)) + " requests, " +
                 format_duration(groups.usual_ns) + " in the others";
  else
    cause.what = format_duration(median(edge.gaps)) + " per call (median)";
  cause.what += " pass between the caller's view and the callee's";
  cause.evidence.push_back(observed(cause.what, static_cast<double>(median(edge.gaps)), "ns"));
  if (comparable_ns > 0 && median(edge.gaps) >= 3 * comparable_ns)
    cause.evidence.push_back(
        observed("between the other pairs of services it is " + format_duration(comparable_ns) + " per call (median)",
                 static_cast<double>(comparable_ns), "ns"));
  cause.against.push_back("whether it is the network or a queue at either end: these traces do not tell");
  cause.assuming = some ? "its slow calls take what the others take" : "it takes what other edges here take";
  cause.advice = "look at the network between " + cause.caller +
                 " and its callee, and at the callee's queues: ss -ti, the accept "
                 "queue, the pool of workers";
  cause.would_tell = "sudo culprit record on both machines: retransmits, and waits for a CPU";
}

}  // namespace

std::vector<Cause> find_network_delays(const DetectorInput& input) {
  std::vector<Cause> causes;
  // If the machine itself was recorded, its queues and retransmissions are evidence of their own.
  if (!input.now.facts().processes.empty()) return causes;
  const Interner& names = input.now.names();
  std::map<NodeId, TextId> seen = callees(names);
  std::map<Ends, Edge> edges = gather(input.now, seen);
  for (const auto& [ends, edge] : edges) {
    int64_t comparable_ns = comparable(edges, ends), typical = median(edge.gaps);
    Groups groups = two_groups(edge.gaps);
    bool late =
        typical >= kLongGap || (comparable_ns > 0 && typical >= std::max(kGap, kTimesComparable * comparable_ns));
    bool some = !late && groups.apart && groups.slow_ns - groups.usual_ns >= kGap;
    if (!late && !some && input.before == nullptr) continue;
    Cause cause;
    cause.cause = FindingClass::NetworkDelay;
    cause.mechanism = Mechanism::Gap;
    cause.caller = names.text(ends.first);
    cause.entity = {"edge", names.text(ends.first) + " → " + names.text(ends.second), "", "", "", 0};
    cause.quality = kInferred;
    cause.best_quality = kInferred;  // the gap is recorded; its reason is not
    cause.pathological = late || some;
    describe(cause, edge, groups, some, comparable_ns);
    auto ours = [&names, seen, ends = ends](NodeId id) {
      auto callee = seen.find(id);
      return callee != seen.end() && callee->second == ends.second && names.node(id).service == ends.first;
    };
    cause.blamed = [service = ends.first](const CallNode& node) {
      return node.service == service && node.role == Role::Call && node.callee_seen &&
             node.statement == StatementId::None;
    };
    cause.blamed_kinds = {SectionKind::Callee};
    cause.work = [ours](const Request& request) {
      int64_t ns = 0;
      for (const Part& part : request.parts)
        if (ours(part.node)) ns += of(part.ns, SectionKind::Callee);
      return Work{ns, ns > 0};
    };
    int64_t usual = some ? groups.usual_ns : comparable_ns, from = some ? groups.from_ns : 0;
    cause.saved = [ours, usual, from](const Request& request) {
      Saved saved;
      for (const Part& part : request.parts) {
        int64_t gap = of(part.ns, SectionKind::Callee), calls = std::max<int64_t>(part.calls, 1);
        if (gap == 0 || !ours(part.node)) continue;
        saved.most_ns += gap;
        if (gap / calls < from) continue;
        saved.likely_ns += std::max<int64_t>(gap - usual * calls, 0);
        saved.least_ns += std::max<int64_t>(gap - kCarefulTimes * usual * calls, 0);
      }
      return saved;
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
