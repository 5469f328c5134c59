// dependency_slow: somebody that requests wait for answers late, and what it does meanwhile is not to be seen: it sleeps,
// waits for what was not recorded, or was not recorded itself. (A service whose spans alone are known is own_time.cc's.)
// And at the end what nothing explains.
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A service that answers does not sleep: what waits so long waits for something outside.
constexpr int64_t kLongWait = 10'000'000;
// Where nobody watched, an answer that takes a tenth of a second may still be honest work: less is not worth accusing for.
constexpr int64_t kLongUnwatched = 100'000'000;
constexpr int64_t kTimesComparable = 10;

// Whose time it is: a service that was seen, or the peer of a call whose other end was not.
struct SlowPeer {
  bool seen = false;
  uint32_t name = 0;
  auto operator<=>(const SlowPeer&) const = default;
};

bool lateness_of(const Interner& names, const CallNode& place, const SlowPeer& who) {
  if (place.statement != kNone) return false;
  if (!who.seen) {
    uint32_t peer = place.peer != 0 ? place.peer : place.label;
    return place.role == Role::Call && !place.callee_seen && peer == who.name;
  }
  return place.role != Role::Call && place.service == who.name && has_caller(names, place);
}

// Sleeping, waiting for who was not seen, blocked for no recorded reason.
int64_t blocked(const PartTimes& ns) {
  return of(ns, SectionKind::Sleep) + of(ns, SectionKind::Unexplained) + of(ns, SectionKind::Peer) +
         of(ns, SectionKind::Network);
}

// A thread that waits for an answer may sleep on a lock until another thread of its program hands it over.
int64_t blocked_in(const CallNode& place, const PartTimes& ns) {
  return blocked(ns) + (place.role == Role::Call ? of(ns, SectionKind::Lock) : 0);
}

struct Times {
  std::vector<int64_t> watched, unwatched;  // per request that has any
  std::vector<int64_t> all;                 // per request that passes, both together
  WaitSums inside;
  uint32_t caller = 0;
  std::set<uint32_t> labels;
};

void add_inside(WaitSums& waits, const PartTimes& ns) {
  auto add = [&](Wait wait, SectionKind kind) { waits[wait] += of(ns, kind); };
  add(Wait::Running, SectionKind::Own), add(Wait::Runnable, SectionKind::Runnable), add(Wait::Lock, SectionKind::Lock);
  add(Wait::Disk, SectionKind::Disk), add(Wait::Network, SectionKind::Network), add(Wait::Peer, SectionKind::Peer);
  add(Wait::Sleep, SectionKind::Sleep), add(Wait::Other, SectionKind::Unexplained);
  waits.known = waits.known || sum(ns) > ns[kUnknown];
}

SlowPeer who_of(const Interner& names, const CallNode& place) {
  if (place.role == Role::Call) return {false, place.peer != 0 ? place.peer : place.label};
  (void)names;
  return {true, place.service};
}

uint32_t caller_of(const Interner& names, const CallNode& place) {
  if (place.role == Role::Call) return place.service;
  for (uint32_t at = place.parent; at != kNone; at = names.place(at).parent)
    if (names.place(at).service != place.service) return names.place(at).service;
  return 0;
}

std::map<SlowPeer, Times> gather(const WorkloadProfile& now) {
  std::map<SlowPeer, Times> all;
  const Interner& names = now.names();
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      std::map<SlowPeer, std::pair<int64_t, int64_t>> here;
      for (const Part& part : request.parts) {
        const CallNode& place = names.place(part.place);
        SlowPeer who = who_of(names, place);
        if (!lateness_of(names, place, who)) continue;
        here[who].first += blocked_in(place, part.ns);
        here[who].second += part.ns[kUnknown];
        Times& times = all[who];
        add_inside(times.inside, part.ns);
        times.caller = caller_of(names, place);
        times.labels.insert(place.label);
      }
      for (auto [who, ns] : here) {
        all[who].all.push_back(ns.first + ns.second);
        if (ns.first > 0) all[who].watched.push_back(ns.first);
        if (ns.second > 0) all[who].unwatched.push_back(ns.second);
      }
    }
  return all;
}

// What passes so in the others that requests go through here: the median over all of them.
int64_t comparable(const std::map<SlowPeer, Times>& all, const SlowPeer& who) {
  std::vector<int64_t> others;
  for (const auto& [other, times] : all) {
    if (other == who) continue;
    if (!times.all.empty()) others.push_back(median(times.all));
  }
  return others.empty() ? 0 : median(others);
}

void describe(Cause& cause, const SlowPeer& who, const Times& times, int64_t typical, int64_t comparable_ns) {
  const std::string& name = cause.entity.name;
  cause.phrase = name + " answers late: {share} of it";
  bool sleeps = times.inside.known && times.inside[Wait::Sleep] * 2 > times.inside[Wait::Running] +
                                                                          times.inside[Wait::Other] +
                                                                          times.inside[Wait::Peer];
  bool runs =
      times.inside.known &&
      times.inside[Wait::Running] > times.inside[Wait::Sleep] + times.inside[Wait::Other] + times.inside[Wait::Peer];
  std::string doing = !who.seen            ? "its own view of them was not seen"
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
  if (!times.inside.known || !who.seen) cause.against.push_back("whether it works or waits: these traces do not tell");
  cause.assuming = "it answers like the others here" +
                   (comparable_ns > 0 ? " (" + format_duration(comparable_ns) + ")" : std::string(", at once"));
  cause.advice = "look into " + name + ": record it with its own callees, or ask who runs it";
  cause.would_tell = "culprit record on the machine of " + name;
}

// An address where a recorded program listens: who that is.
void name_listener(Cause& cause, const WorkloadProfile& now) {
  for (const Connection& connection : now.around().connections) {
    const bool there = connection.local == cause.entity.name || connection.local == "unix:" + cause.entity.name;
    if (!connection.server || connection.pid == 0 || !there) continue;
    for (const Process& process : now.around().processes) {
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

// Retransmits on the way speak for the network instead.
void check_edge(Cause& cause, const WorkloadProfile& now) {
  int64_t retransmits = 0, connections = 0;
  for (const Connection& connection : now.around().connections) {
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

}  // namespace

std::vector<Cause> find_slow_dependencies(const DetectorInput& scene) {
  std::vector<Cause> causes;
  const Interner& names = scene.now.names();
  std::map<SlowPeer, Times> all = gather(scene.now);
  for (const auto& [who, times] : all) {
    int64_t watched = median(times.watched), unwatched = median(times.unwatched), comparable_ns = comparable(all, who);
    bool waits = watched >= std::max(kLongWait, 3 * comparable_ns) && who.seen;
    if (who.seen && times.watched.empty()) continue;
    bool late = !who.seen && (unwatched >= std::max(kLongUnwatched, kTimesComparable * comparable_ns) ||
                              watched >= std::max(kLongWait * 2, kTimesComparable * comparable_ns));
    if (!waits && !late && scene.before == nullptr) continue;
    Cause cause;
    cause.cause = "dependency_slow";
    bool sleeps = times.inside[Wait::Sleep] > 0 && who.seen;
    cause.mechanism = sleeps ? "sleeps" : who.seen ? "" : "unseen";
    cause.entity = {"service", names.text(who.name), "", "", "", 0};
    cause.quality = waits ? kObserved : who.seen ? kGuessed : kInferred;
    cause.pathological = waits || late;
    cause.caller = names.text(times.caller);
    cause.inside = times.inside;
    if (who.seen && !sleeps) cause.queued_in = cause.entity.name;
    describe(cause, who, times, std::max(watched, unwatched), comparable_ns);
    if (!who.seen) name_listener(cause, scene.now);
    check_edge(cause, scene.now);
    cause.blamed = [&names, who = who](const CallNode& place) { return lateness_of(names, place, who); };
    cause.saved = [&names, who = who, comparable_ns](const Request& request) {
      int64_t ns = sum_parts(names, request, [&](const CallNode& place, const Part& part) {
        if (!lateness_of(names, place, who)) return int64_t{0};
        return blocked_in(place, part.ns) + (who.seen ? 0 : part.ns[kUnknown]);
      });
      int64_t likely = std::max<int64_t>(ns - comparable_ns, 0);
      return Saved{ns, likely, std::max<int64_t>(ns - 3 * comparable_ns, 0)};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

std::vector<Cause> find_unexplained(const DetectorInput& scene) {
  const Interner& names = scene.now.names();
  Cause cause;
  cause.cause = "unexplained";
  cause.entity = {"operation", "", "", "", "", 0};
  cause.quality = 0.1;
  cause.pathological = true;
  cause.phrase = "{share} of it is blocked for no recorded reason";
  cause.what = "time on the path during which a thread was blocked and nothing says by what";
  cause.evidence.push_back(observed("blocked, reason not known"));
  cause.assuming = "the unknown can be removed";
  cause.advice = "look while it happens at what its threads are blocked in: strace -f -p PID";
  cause.would_tell = "the system call that its threads are blocked in";
  cause.blamed = [](const CallNode&) { return true; };
  cause.blamed_kinds = {SectionKind::Unexplained};
  cause.saved = [&names](const Request& request) {
    int64_t ns = sum_parts(names, request,
                           [](const CallNode&, const Part& part) { return of(part.ns, SectionKind::Unexplained); });
    return Saved{ns, ns, 0};
  };
  return {cause};
}

}  // namespace culprit::analysis
