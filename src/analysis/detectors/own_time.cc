// Findings from time inside a service's spans without recorded waits: which services are slow, and whether the slow
// requests are of one replica or of one version.
#include "analysis/detectors/own_time.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace culprit::analysis {

namespace {

// An answer below a tenth of a second may be normal: not reported.
constexpr int64_t kLongUnwatched = 100'000'000;
constexpr int64_t kTimesComparable = 10;
// Services do work of different size. From twice kLongUnwatched on, half of kTimesComparable is enough.
constexpr int64_t kNoticed = 200'000'000;
constexpr int64_t kTimesNoticed = 5;
// A service that is slow for only some requests is its own comparison. A hundredth of a second is more than the
// scheduler or a garbage collection adds to a request, unless the service is overloaded.
constexpr int64_t kLongForSome = 10'000'000;
constexpr int64_t kCarefulTimes = 3;

struct Seen {
  int64_t ns = 0;
  Origin origin;
};

// Work of one kind: of one label, for requests of one operation.
using Kind = std::pair<NodeId, TextId>;  // the operation's node, the label

struct Service {
  std::map<Kind, std::vector<Seen>> kinds;
  std::vector<int64_t> all;          // for each request that passes the service: the mean time of a call
  std::map<TextId, int64_t> labels;  // time by label
  TextId caller = TextId::Empty;
  bool called = false;  // whether another service calls it
};

// A service's own time in one request, and the number of its calls: twice as many calls do not make it slower.
struct CallsTime {
  int64_t ns = 0, calls = 0;
  void add(const CallNode& node, const OwnTime& own) {
    ns += own.ns, calls += node.role == Role::Served ? own.spans : 0;
  }
  int64_t per_call_ns() const { return ns / std::max<int64_t>(calls, 1); }
};

bool own_time_of(const CallNode& node, TextId service) {
  return node.service == service && node.statement == StatementId::None && node.role != Role::Call;
}

TextId caller_of(const Interner& names, const CallNode& node) {
  for (NodeId at = node.parent; at != NodeId::None; at = names.node(at).parent)
    if (names.node(at).service != node.service) return names.node(at).service;
  return TextId::Empty;
}

// Index: node. The number of a node's parent is smaller.
std::vector<Kind> kinds_of(const Interner& names) {
  std::vector<Kind> kinds(index(names.end_of_nodes()));
  for (NodeId id{}; id < names.end_of_nodes(); id = next(id)) {
    const CallNode& node = names.node(id);
    kinds[index(id)] = {node.parent == NodeId::None ? id : kinds[index(node.parent)].first, node.label};
  }
  return kinds;
}

std::map<TextId, Service> gather(const WorkloadProfile& now, const std::vector<Kind>& kinds) {
  std::map<TextId, Service> services;
  const Interner& names = now.names();
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      if (request.failure) continue;  // a failed request ends early
      std::map<TextId, CallsTime> here;
      for (const OwnTime& own : request.own_times) {
        const CallNode& node = names.node(own.node);
        Service& service = services[node.service];
        service.kinds[kinds[index(own.node)]].push_back({own.ns, own.origin});
        service.labels[node.label] += own.ns;
        if (TextId caller = caller_of(names, node); caller != TextId::Empty)
          service.caller = caller, service.called = true;
        here[node.service].add(node, own);
      }
      for (auto [service, times] : here) services[service].all.push_back(times.per_call_ns());
    }
  return services;
}

// Returns the time in the other services that requests pass: the median over these services; 0: there are none.
int64_t comparable(const std::map<TextId, Service>& services, TextId id) {
  std::vector<int64_t> others;
  for (const auto& [other, service] : services)
    if (other != id && !service.all.empty()) others.push_back(median(service.all));
  return others.empty() ? 0 : median(others);
}

// Returns the kinds of a service's work that fall into two groups, with the groups.
using Slow = std::map<Kind, Groups>;
Slow slow_kinds(const Service& service) {
  Slow slow;
  for (const auto& [kind, seen] : service.kinds) {
    std::vector<int64_t> times;
    for (const Seen& one : seen) times.push_back(one.ns);
    Groups groups = two_groups(std::move(times));
    if (groups.apart && groups.slow_ns - groups.usual_ns >= kLongForSome) slow[kind] = groups;
  }
  return slow;
}

// Returns whether requests of one origin are slower than all others of that kind: even its fast requests are slower
// than the others' slow ones.
Groups slower_than_others(std::vector<int64_t> ours, std::vector<int64_t> others) {
  Groups groups;
  auto few = [](const std::vector<int64_t>& values) { return values.size() < static_cast<size_t>(kFewestAffected); };
  if (few(ours) || few(others)) return groups;
  int64_t quick = quantile(ours, 0.25), slow = quantile(others, 0.75);
  groups.usual_ns = median(others), groups.slow_ns = median(ours);
  groups.from_ns = slow + (quick - slow) / 2;
  groups.all = ours.size() + others.size();
  groups.slow =
      static_cast<size_t>(std::count_if(ours.begin(), ours.end(), [&](int64_t ns) { return ns >= groups.from_ns; }));
  groups.apart = quick * 2 >= slow * 3 && groups.slow_ns - groups.usual_ns >= kLongForSome;
  return groups;
}

// Adds to `slow` the kinds of work in which the difference is seen.
Confined confined_to(const Service& service, Slow& slow, TextId Origin::*which) {
  Confined confined;
  for (const auto& [kind, seen] : service.kinds) {
    std::map<TextId, std::vector<int64_t>> times;
    for (const Seen& one : seen) times[one.origin.*which].push_back(one.ns);
    if (times.size() < 2) continue;
    auto slowest = std::max_element(times.begin(), times.end(),
                                    [](const auto& a, const auto& b) { return median(a.second) < median(b.second); });
    std::vector<int64_t> others;
    for (const auto& [origin, values] : times)
      if (origin != slowest->first) others.insert(others.end(), values.begin(), values.end());
    Groups groups = slower_than_others(slowest->second, std::move(others));
    bool other = confined.origin != TextId::Empty && confined.origin != slowest->first;
    if (!groups.apart || slowest->first == TextId::Empty || other) continue;
    slow[kind] = groups;
    if (groups.slow_ns > confined.slow_ns) confined = {slowest->first, groups.slow_ns, groups.usual_ns};
  }
  return confined;
}

bool is_late(int64_t typical_ns, int64_t comparable_ns) {
  return typical_ns >= std::max(kLongUnwatched, kTimesComparable * comparable_ns) ||
         typical_ns >= std::max(kNoticed, kTimesNoticed * comparable_ns);
}

std::string most_in(const Interner& names, const Service& service) {
  auto most = std::max_element(service.labels.begin(), service.labels.end(),
                               [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == service.labels.end() ? "" : names.text(most->first);
}

Where where_slow(const Service& service, Slow& slow) {
  return {confined_to(service, slow, &Origin::version), confined_to(service, slow, &Origin::instance)};
}

void describe(Cause& cause, const Service& service, const Slow& slow, bool some, int64_t comparable_ns,
              const std::string& inside) {
  const std::string& name = cause.entity.name;
  cause.phrase = service.called ? name + " answers late: {share} of it" : name + "'s own time is {share} of it";
  std::string tail = " pass in " + name + (inside == name || inside.empty() ? "" : " (" + inside + ")") +
                     "; what it does meanwhile was not recorded";
  if (some) {
    size_t count = 0, all = 0;
    for (const auto& [kind, groups] : slow) count += groups.slow, all += groups.all;
    const Groups& worst = std::max_element(slow.begin(), slow.end(), [](const auto& a, const auto& b) {
                            return a.second.slow_ns < b.second.slow_ns;
                          })->second;
    cause.what = format_duration(worst.slow_ns) + " in " + format_count(static_cast<int64_t>(count)) + " of " +
                 format_count(static_cast<int64_t>(all)) + " requests, " + format_duration(worst.usual_ns) +
                 " in the others," + tail;
    cause.evidence.push_back(observed(cause.what, static_cast<double>(worst.slow_ns), "ns"));
    cause.assuming = "the slow requests take what the others take";
  } else {
    int64_t typical = median(service.all);
    cause.what = format_duration(typical) + " per call (median)" + tail;
    cause.evidence.push_back(observed(cause.what, static_cast<double>(typical), "ns"));
    if (comparable_ns > 0 && typical >= 3 * comparable_ns)
      cause.evidence.push_back(
          observed("in the other services that requests pass it is " + format_duration(comparable_ns) + " (median)",
                   static_cast<double>(comparable_ns), "ns"));
    cause.assuming = "it answers like the others here" +
                     (comparable_ns > 0 ? " (" + format_duration(comparable_ns) + ")" : std::string(", at once"));
  }
  cause.against.push_back("whether it works or waits: these traces do not tell");
  cause.advice = "look into " + name + ": record it with its own callees";
  cause.would_tell = "culprit record on the machine of " + name;
}

std::function<Saved(const Request&)> saving(const Interner& names, TextId id, const std::vector<Kind>& kinds,
                                            const Slow& slow, bool some, int64_t comparable_ns) {
  return [&names, kinds, id, slow, some, comparable_ns](const Request& request) {
    Saved saved;
    int64_t own = 0, calls = 0;
    for (const Part& part : request.parts) {
      if (!own_time_of(names.node(part.node), id)) continue;
      if (names.node(part.node).role == Role::Served) calls += part.calls;
      int64_t ns = part.ns[kUnknown];
      own += ns;
      auto found = slow.find(kinds[index(part.node)]);
      if (!some || found == slow.end() || ns < found->second.from_ns) continue;
      saved.likely_ns += ns - found->second.usual_ns;
      saved.least_ns += std::max<int64_t>(ns - kCarefulTimes * found->second.usual_ns, 0);
    }
    saved.most_ns = own;
    if (some) return saved;
    const int64_t usual_ns = comparable_ns * std::max<int64_t>(calls, 1);
    return Saved{own, std::max<int64_t>(own - usual_ns, 0), std::max<int64_t>(own - kCarefulTimes * usual_ns, 0)};
  };
}

}  // namespace

EvidenceLine confinement(const Interner& names, const Confined& confined, const std::string& others) {
  return observed(format_duration(confined.slow_ns) + " (median) in " + names.text(confined.origin) + ", " +
                      format_duration(confined.others_ns) + " in " + others + " that serve the same",
                  static_cast<double>(confined.slow_ns), "ns");
}

std::vector<SlowOwnTime> find_slow_own_times(const DetectorInput& input) {
  std::vector<SlowOwnTime> found;
  const Interner& names = input.now.names();
  std::vector<Kind> kinds = kinds_of(names);
  std::map<TextId, Service> services = gather(input.now, kinds);
  for (const auto& [id, service] : services) {
    int64_t comparable_ns = comparable(services, id);
    Slow slow = slow_kinds(service);
    bool late = (service.called || comparable_ns > 0) && is_late(median(service.all), comparable_ns);
    Where where = where_slow(service, slow);
    // If most requests are slow and nothing distinguishes them, the other group is the fast one.
    if (!where.known()) std::erase_if(slow, [](const auto& kind) { return kind.second.slow * 2 > kind.second.all; });
    bool some = where.known() || (!late && !slow.empty());
    if (!late && !some && input.before == nullptr) continue;
    Cause cause;
    cause.cause = FindingClass::DependencySlow;
    cause.mechanism = Mechanism::OwnTime;
    cause.entity = {"service", names.text(id), "", "", "", 0};
    cause.quality = some ? kInferred : kGuessed;
    cause.best_quality = kInferred;  // a change shows where the time is, not what the service does in it
    cause.pathological = late || some;
    cause.caller = names.text(service.caller);
    cause.queued_in = names.text(id);
    describe(cause, service, slow, some, comparable_ns, most_in(names, service));
    cause.blamed = [id = id](const CallNode& node) { return own_time_of(node, id); };
    cause.saved = saving(names, id, kinds, slow, some, comparable_ns);
    // A service that was off the critical path in the baseline is not slower just because it is on the path now.
    cause.work = [&names, id = id](const Request& request) {
      int64_t ns = 0;
      for (const OwnTime& own : request.own_times) ns += names.node(own.node).service == id ? own.ns : 0;
      return Work{ns, ns > 0};
    };
    found.push_back({std::move(cause), where});
  }
  return found;
}

}  // namespace culprit::analysis
