// dependency_slow: a callee answers late, and what it does in that time is unknown: it sleeps, it waits for something
// that was not recorded, it was not recorded itself, or only its spans are known.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "analysis/detectors/own_time.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A service that handles requests does not sleep by itself: a longer wait is for something outside of it.
constexpr int64_t kLongWait = 10'000'000;
// If the callee was not recorded, an answer below a tenth of a second may be normal: not reported.
constexpr int64_t kLongUnwatched = 100'000'000;
constexpr int64_t kTimesComparable = 10;
// A user notices a tenth of a second: from then on, a smaller distance from the other services is enough.
constexpr int64_t kTimesNoticed = 3;

// The owner of the time: a recorded service, or the peer of a call whose other end was not recorded.
struct SlowPeer {
  bool seen = false;
  TextId name = TextId::Empty;
  auto operator<=>(const SlowPeer&) const = default;
};

bool lateness_of(const Interner& names, const CallNode& node, const SlowPeer& callee) {
  if (node.statement != StatementId::None) return false;
  if (!callee.seen) {
    TextId peer = node.peer != TextId::Empty ? node.peer : node.label;
    return node.role == Role::Call && !node.callee_seen && peer == callee.name;
  }
  return node.role != Role::Call && node.service == callee.name && has_caller(names, node);
}

// Returns the time of sleep, of waits for a callee that was not recorded, and of waits without a recorded reason.
int64_t blocked(const PartTimes& ns) {
  return of(ns, SectionKind::Sleep) + of(ns, SectionKind::Unexplained) + of(ns, SectionKind::Peer) +
         of(ns, SectionKind::Network);
}

// In a call, a wait for a lock counts too: a thread that waits for an answer may sleep on a lock until another thread
// passes the answer on.
int64_t blocked_in(const CallNode& node, const PartTimes& ns) {
  return blocked(ns) + (node.role == Role::Call ? of(ns, SectionKind::Lock) : 0);
}

struct Times {
  std::vector<int64_t> watched, unwatched;  // for each request that has such time
  // for each request: time below calls of this peer whose other end was recorded
  std::vector<int64_t> answered;
  std::vector<int64_t> all;  // for each request that passes the service, both kinds together
  WaitSums inside;
  TextId caller = TextId::Empty;
  std::set<TextId> labels;
};

void add_inside(WaitSums& waits, const PartTimes& ns) {
  auto add = [&](Wait wait, SectionKind kind) { waits[wait] += of(ns, kind); };
  add(Wait::Running, SectionKind::Own), add(Wait::Runnable, SectionKind::Runnable), add(Wait::Lock, SectionKind::Lock);
  add(Wait::Disk, SectionKind::Disk), add(Wait::Network, SectionKind::Network), add(Wait::Peer, SectionKind::Peer);
  add(Wait::Sleep, SectionKind::Sleep), add(Wait::Other, SectionKind::Unexplained);
  waits.known = waits.known || sum(ns) > ns[kUnknown];
}

SlowPeer peer_of_node(const CallNode& node) {
  if (node.role == Role::Call) return {false, node.peer != TextId::Empty ? node.peer : node.label};
  return {true, node.service};
}

TextId caller_of(const Interner& names, const CallNode& node) {
  if (node.role == Role::Call) return node.service;
  for (NodeId at = node.parent; at != NodeId::None; at = names.node(at).parent)
    if (names.node(at).service != node.service) return names.node(at).service;
  return TextId::Empty;
}

// Returns the peer of the nearest call, at a node or above it, whose other end was recorded; empty: there is none.
TextId answering_peer(const Interner& names, NodeId id) {
  for (NodeId at = id; at != NodeId::None; at = names.node(at).parent) {
    const CallNode& node = names.node(at);
    if (node.role == Role::Call && node.callee_seen && node.statement == StatementId::None) return node.peer;
  }
  return TextId::Empty;
}

std::map<SlowPeer, Times> gather(const WorkloadProfile& now) {
  std::map<SlowPeer, Times> all;
  const Interner& names = now.names();
  std::unordered_map<NodeId, TextId> peers;
  std::map<TextId, std::vector<int64_t>> all_answered;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      std::map<SlowPeer, std::pair<int64_t, int64_t>> here;
      std::map<TextId, int64_t> answered;
      for (const Part& part : request.parts) {
        const CallNode& node = names.node(part.node);
        auto [peer, fresh] = peers.emplace(part.node, TextId::Empty);
        if (fresh) peer->second = answering_peer(names, part.node);
        if (peer->second != TextId::Empty) answered[peer->second] += sum(part.ns);
        SlowPeer callee = peer_of_node(node);
        if (!lateness_of(names, node, callee)) continue;
        here[callee].first += blocked_in(node, part.ns);
        here[callee].second += part.ns[kUnknown];
        Times& times = all[callee];
        add_inside(times.inside, part.ns);
        times.caller = caller_of(names, node);
        times.labels.insert(node.label);
      }
      for (auto [callee, ns] : here) {
        all[callee].all.push_back(ns.first + ns.second);
        if (ns.first > 0) all[callee].watched.push_back(ns.first);
        if (ns.second > 0) all[callee].unwatched.push_back(ns.second);
      }
      for (auto [peer, ns] : answered) {
        all_answered[peer].push_back(ns);
      }
    }
  for (auto& [callee, times] : all)
    if (!callee.seen) times.answered = std::move(all_answered[callee.name]);
  return all;
}

// Returns the time in the other services that requests pass: the median over these services.
int64_t comparable(const std::map<SlowPeer, Times>& all, const SlowPeer& callee) {
  std::vector<int64_t> others;
  for (const auto& [other, times] : all) {
    if (other == callee) continue;
    if (!times.all.empty()) others.push_back(median(times.all));
  }
  return others.empty() ? 0 : median(others);
}

// Elsewhere the same peer's end of the call was recorded, and took about as long. Its activity is therefore known: only
// its spans of this call were lost.
bool is_known_elsewhere(const SlowPeer& callee, const Times& times) {
  if (callee.seen || static_cast<int64_t>(times.answered.size()) < kFewestAffected) return false;
  return median(times.all) <= 2 * median(times.answered);
}

void describe(Cause& cause, const SlowPeer& callee, const Times& times, int64_t typical, int64_t comparable_ns) {
  const std::string& name = cause.entity.name;
  cause.phrase = name + " answers late: {share} of it";
  bool sleeps = times.inside.known && times.inside[Wait::Sleep] * 2 > times.inside[Wait::Running] +
                                                                          times.inside[Wait::Other] +
                                                                          times.inside[Wait::Peer];
  bool runs =
      times.inside.known &&
      times.inside[Wait::Running] > times.inside[Wait::Sleep] + times.inside[Wait::Other] + times.inside[Wait::Peer];
  std::string doing = !callee.seen         ? "its own view of them was not seen"
                      : sleeps             ? "it sleeps meanwhile"
                      : runs               ? "it runs for most of that, and is blocked in between"
                      : times.inside.known ? "it is blocked meanwhile, by what was not recorded"
                                           : "what it does meanwhile was not recorded";
  cause.what = format_duration(typical) + " per request (median) pass in " + name + "; " + doing;
  cause.evidence.push_back(observed(cause.what, static_cast<double>(typical), "ns"));
  if (comparable_ns > 0 && typical >= 3 * comparable_ns)
    cause.evidence.push_back(
        observed("in the other services that requests pass it is " + format_duration(comparable_ns) + " (median)",
                 static_cast<double>(comparable_ns), "ns"));
  if (!times.inside.known || !callee.seen)
    cause.against.push_back("whether it works or waits: these traces do not tell");
  cause.assuming = "it answers like the others here" +
                   (comparable_ns > 0 ? " (" + format_duration(comparable_ns) + ")" : std::string(", at once"));
  cause.advice = "look into " + name + ": record it with its own callees";
  cause.would_tell = "culprit record on the machine of " + name;
}

// Adds the name of the recorded program that listens at the address.
void name_listener(Cause& cause, const WorkloadProfile& now) {
  for (const Connection& connection : now.facts().connections) {
    const bool there = connection.local == cause.entity.name || connection.local == "unix:" + cause.entity.name;
    if (!connection.server || connection.pid == 0 || !there) continue;
    for (const Process& process : now.facts().processes) {
      if (process.pid != connection.pid || process.name.empty()) continue;
      const std::string& name = process.service.empty() ? process.name : process.service;
      cause.entity.pid = process.pid;
      cause.queued_in = name;
      cause.evidence.push_back(
          observed("at that address answers " + name + " (pid " + std::to_string(process.pid) + ")"));
      return;
    }
  }
}

// Retransmissions on its connections point to the network instead.
void check_edge(Cause& cause, const WorkloadProfile& now) {
  int64_t retransmits = 0, connections = 0;
  for (const Connection& connection : now.facts().connections) {
    bool theirs = connection.peer == cause.entity.name || connection.local == cause.entity.name;
    if (!theirs) continue;
    retransmits += connection.retransmits;
    ++connections;
  }
  if (connections == 0) return;
  if (retransmits == 0)
    cause.evidence.push_back(
        observed("the way to it is healthy: no retransmits on " + format_count(connections) + " connections"));
  else
    cause.against.push_back(format_count(retransmits) +
                            " retransmits on the way to it: part of the delay may be the network's");
}

// Adds services of which only spans are known. If the slow requests are of one version, a deployment caused it. If they
// are of one replica only, the class is bad_instance.
void add_own_times(const DetectorInput& input, std::vector<Cause>& causes) {
  const Interner& names = input.now.names();
  for (auto& [cause, where] : find_slow_own_times(input)) {
    if (where.one_replica()) continue;
    if (where.version.origin != TextId::Empty) {
      const std::string& name = names.text(where.version.origin);
      cause.trigger = "deploy";
      cause.evidence.push_back(confinement(names, where.version, "other versions"));
      cause.advice = "roll version " + name + " of " + cause.entity.name + " back, or look at what changed in it";
    }
    if (where.instance.origin != TextId::Empty) {
      cause.evidence.push_back(confinement(names, where.instance, "the other replicas"));
      cause.entity.instance = names.text(where.instance.origin);
    }
    causes.push_back(std::move(cause));
  }
}

}  // namespace

std::vector<Cause> find_slow_dependencies(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  std::map<SlowPeer, Times> all = gather(input.now);
  for (const auto& [callee, times] : all) {
    int64_t watched = median(times.watched), unwatched = median(times.unwatched),
            comparable_ns = comparable(all, callee);
    bool waits = watched >= std::max(kLongWait, 3 * comparable_ns) && callee.seen;
    if ((callee.seen && times.watched.empty()) || is_known_elsewhere(callee, times)) continue;
    bool late = !callee.seen && (unwatched >= std::max(kLongUnwatched, kTimesNoticed * comparable_ns) ||
                                 watched >= std::max(kLongUnwatched, kTimesNoticed * comparable_ns) ||
                                 watched >= std::max(kLongWait * 2, kTimesComparable * comparable_ns));
    if (!waits && !late && input.before == nullptr) continue;
    Cause cause;
    cause.cause = FindingClass::DependencySlow;
    bool sleeps = times.inside[Wait::Sleep] > 0 && callee.seen;
    cause.mechanism = sleeps ? Mechanism::Sleeps : callee.seen ? Mechanism::None : Mechanism::Unseen;
    cause.entity = {"service", names.text(callee.name), "", "", "", 0};
    cause.quality = waits ? kObserved : callee.seen ? kGuessed : kInferred;
    cause.pathological = waits || late;
    cause.caller = names.text(times.caller);
    cause.inside = times.inside;
    if (callee.seen && !sleeps) cause.queued_in = cause.entity.name;
    describe(cause, callee, times, std::max(watched, unwatched), comparable_ns);
    if (!callee.seen) name_listener(cause, input.now);
    check_edge(cause, input.now);
    cause.blamed = [&names, callee = callee](const CallNode& node) { return lateness_of(names, node, callee); };
    cause.saved = [&names, callee = callee, comparable_ns](const Request& request) {
      int64_t ns = sum_parts(names, request, [&](const CallNode& node, const Part& part) {
        if (!lateness_of(names, node, callee)) return int64_t{0};
        return blocked_in(node, part.ns) + (callee.seen ? 0 : part.ns[kUnknown]);
      });
      int64_t likely = std::max<int64_t>(ns - comparable_ns, 0);
      return Saved{ns, likely, std::max<int64_t>(ns - 3 * comparable_ns, 0)};
    };
    causes.push_back(std::move(cause));
  }
  add_own_times(input, causes);
  return causes;
}

}  // namespace culprit::analysis
