// dependency_slow and bad_instance where nobody watched: traces tell that time passes inside a service, between the begin and
// the end of its spans and not in its calls, and nothing of what it does meanwhile.
//
// Told by any of: it takes far longer than the other services here; its requests fall into two groups, the usual and the slow
// (of one place in the call tree, so that different work is not mistaken for it); with a baseline, it takes longer than it did.
// Where the slow ones are of one replica, that is to blame; where they are of one version, a deployment set it off.
#include <algorithm>
#include <map>

#include "analysis/root_cause/detectors.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// An answer that takes a tenth of a second may still be honest work: less is not worth accusing for.
constexpr int64_t kLongUnwatched = 100'000'000;
constexpr int64_t kTimesComparable = 10;
// What slows some requests only is its own witness; a hundredth of a second is beyond what a scheduler or a collector's pause
// does to a request of a service that is not overloaded.
constexpr int64_t kLongForSome = 10'000'000;
// So much of the slow must be of one origin, and of that origin be slow.
constexpr double kOfOne = 0.9, kOneIsSlow = 0.5;
constexpr int64_t kCarefulTimes = 3;

struct Seen {
  int64_t ns = 0;
  Origin origin;
};

struct Service {
  std::map<uint32_t, std::vector<Seen>> places;
  std::vector<int64_t> all;            // per request that passes
  std::map<uint32_t, int64_t> labels;  // time by label
  uint32_t caller = 0;
  bool called = false;  // by another service
};

bool own_time_of(const Place& place, uint32_t service) {
  return place.service == service && place.statement == kNone && place.role != Role::Call;
}

uint32_t caller_of(const Names& names, const Place& place) {
  for (uint32_t at = place.parent; at != kNone; at = names.place(at).parent)
    if (names.place(at).service != place.service) return names.place(at).service;
  return 0;
}

std::map<uint32_t, Service> gather(const Population& now) {
  std::map<uint32_t, Service> services;
  const Names& names = now.names();
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      if (request.failure) continue;  // cut short
      std::map<uint32_t, int64_t> here;
      for (const Part& part : request.parts) {
        const Place& place = names.place(part.place);
        if (place.statement != kNone || place.role == Role::Call || part.ns[kUnknown] == 0) continue;
        int64_t ns = part.ns[kUnknown];
        Service& service = services[place.service];
        service.places[part.place].push_back({ns, part.origin});
        service.labels[place.label] += ns;
        if (uint32_t caller = caller_of(names, place); caller != 0) service.caller = caller, service.called = true;
        here[place.service] += ns;
      }
      for (auto [service, ns] : here) services[service].all.push_back(ns);
    }
  return services;
}

// What passes so in the other services that requests go through here: the median over all of them; 0: there are none.
int64_t comparable(const std::map<uint32_t, Service>& services, uint32_t id) {
  std::vector<int64_t> others;
  for (const auto& [other, service] : services)
    if (other != id && !service.all.empty()) others.push_back(median(service.all));
  return others.empty() ? 0 : median(others);
}

// The places of a service at which its requests fall into two groups, and the groups.
using Slow = std::map<uint32_t, Groups>;
Slow slow_places(const Service& service) {
  Slow slow;
  for (const auto& [place, seen] : service.places) {
    std::vector<int64_t> times;
    for (const Seen& one : seen) times.push_back(one.ns);
    Groups groups = two_groups(std::move(times));
    if (groups.apart && groups.slow_ns - groups.usual_ns >= kLongForSome) slow[place] = groups;
  }
  return slow;
}

// The one origin that the slow requests are of, while others were seen that are not slow.
struct Confined {
  uint32_t origin = 0;  // 0: none
  int64_t slow = 0, slow_all = 0;
};
Confined confined_to(const Service& service, const Slow& slow, uint32_t Origin::*which) {
  std::map<uint32_t, std::pair<int64_t, int64_t>> counts;  // slow, all
  int64_t slow_all = 0;
  for (const auto& [place, groups] : slow)
    for (const Seen& seen : service.places.at(place)) {
      auto& [count, all] = counts[seen.origin.*which];
      ++all;
      if (seen.ns >= groups.from_ns) ++count, ++slow_all;
    }
  for (const auto& [origin, count] : counts) {
    auto here = static_cast<double>(count.first);
    bool only = here >= kOfOne * static_cast<double>(slow_all) && count.first >= kFewestAffected;
    if (origin != 0 && only && counts.size() >= 2 && here >= kOneIsSlow * static_cast<double>(count.second))
      return {origin, count.first, slow_all};
  }
  return {};
}

EvidenceLine confinement(const Names& names, const Confined& confined, const std::string& others) {
  return observed(format_count(confined.slow) + " of the " + format_count(confined.slow_all) + " slow ones are of " +
                  names.text(confined.origin) + "; " + others + " serve the same and are not slow");
}

std::string most_in(const Names& names, const Service& service) {
  auto most = std::max_element(service.labels.begin(), service.labels.end(),
                               [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == service.labels.end() ? "" : names.text(most->first);
}

void name_origin(Cause& cause, const Names& names, const Service& service, const Slow& slow) {
  Confined version = confined_to(service, slow, &Origin::version),
           instance = confined_to(service, slow, &Origin::instance);
  if (version.origin != 0) {
    const std::string& name = names.text(version.origin);
    cause.trigger = "deploy";
    cause.evidence.push_back(confinement(names, version, "other versions"));
    cause.advice = "roll version " + name + " of " + cause.entity.name + " back, or look at what changed in it";
  }
  if (instance.origin == 0) return;
  const std::string& name = names.text(instance.origin);
  cause.evidence.push_back(confinement(names, instance, "the other replicas"));
  cause.entity.instance = name;
  if (version.origin != 0) return;
  cause.cause = "bad_instance";
  cause.mechanism.clear();
  cause.quality = kInferred;
  cause.phrase = "one replica of " + cause.entity.name + " is slow: {share} of it";
  cause.entity = {"instance", name, cause.entity.name, "", "", 0};
  cause.advice = "take " + name + " out of service, and look at its machine";
  cause.would_tell = "culprit record on the machine of " + name;
}

void describe(Cause& cause, const Service& service, const Slow& slow, bool some, int64_t comparable_ns,
              const std::string& inside) {
  const std::string& name = cause.entity.name;
  cause.phrase = service.called ? name + " answers late: {share} of it" : name + "'s own time is {share} of it";
  std::string tail = " pass in " + name + (inside == name || inside.empty() ? "" : " (" + inside + ")") +
                     "; what it does meanwhile was not recorded";
  if (some) {
    size_t count = 0, all = 0;
    for (const auto& [place, groups] : slow) count += groups.slow, all += groups.all;
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
    cause.what = format_duration(typical) + " per request (median)" + tail;
    cause.evidence.push_back(observed(cause.what, static_cast<double>(typical), "ns"));
    if (comparable_ns > 0 && typical >= 3 * comparable_ns)
      cause.evidence.push_back(
          observed("in the other services that requests pass it is " + format_duration(comparable_ns) + " (median)",
                   static_cast<double>(comparable_ns), "ns"));
    cause.assuming = "it answers like the others here" +
                     (comparable_ns > 0 ? " (" + format_duration(comparable_ns) + ")" : std::string(", at once"));
  }
  cause.against.push_back("whether it works or waits: these traces do not tell");
  cause.advice = "look into " + name + ": record it with its own callees, or ask who runs it";
  cause.would_tell = "culprit record on the machine of " + name;
}

std::function<Saved(const Request&)> saving(const Names& names, uint32_t id, const Slow& slow, bool some,
                                            int64_t comparable_ns) {
  return [&names, id, slow, some, comparable_ns](const Request& request) {
    Saved saved;
    int64_t own = 0;
    for (const Part& part : request.parts) {
      if (!own_time_of(names.place(part.place), id)) continue;
      int64_t ns = part.ns[kUnknown];
      own += ns;
      auto found = slow.find(part.place);
      if (!some || found == slow.end() || ns < found->second.from_ns) continue;
      saved.likely_ns += ns - found->second.usual_ns;
      saved.least_ns += std::max<int64_t>(ns - kCarefulTimes * found->second.usual_ns, 0);
    }
    saved.most_ns = own;
    if (some) return saved;
    return Saved{own, std::max<int64_t>(own - comparable_ns, 0),
                 std::max<int64_t>(own - kCarefulTimes * comparable_ns, 0)};
  };
}

}  // namespace

std::vector<Cause> find_own_time(const Scene& scene) {
  std::vector<Cause> causes;
  const Names& names = scene.now.names();
  std::map<uint32_t, Service> services = gather(scene.now);
  for (const auto& [id, service] : services) {
    int64_t comparable_ns = comparable(services, id);
    Slow slow = slow_places(service);
    bool late = (service.called || comparable_ns > 0) &&
                median(service.all) >= std::max(kLongUnwatched, kTimesComparable * comparable_ns);
    bool some = !late && !slow.empty();
    if (!late && !some && scene.before == nullptr) continue;
    Cause cause;
    cause.cause = "dependency_slow";
    cause.mechanism = "own_time";
    cause.entity = {"service", names.text(id), "", "", "", 0};
    cause.quality = some ? kInferred : kGuessed;
    cause.best_quality = kInferred;  // a change tells where, never what the service does meanwhile
    cause.pathological = late || some;
    cause.caller = names.text(service.caller);
    describe(cause, service, slow, some, comparable_ns, most_in(names, service));
    if (!slow.empty()) name_origin(cause, names, service, slow);
    cause.blamed = [id = id](const Place& place) { return own_time_of(place, id); };
    cause.saved = saving(names, id, slow, some, comparable_ns);
    // A service that has only come to lie on the path is not slower than it was.
    cause.work = [&names, id = id](const Request& request) {
      int64_t ns = sum_parts(names, request, [&](const Place& place, const Part& part) {
        return own_time_of(place, id) ? part.ns[kUnknown] : 0;
      });
      return Work{ns, ns > 0};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
