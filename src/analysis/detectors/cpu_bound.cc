// cpu_bound: a service computes for a long time itself. It takes far more CPU between two of its calls in one operation
// than in its other operations; or, with a baseline, more than before.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Building a page takes a few milliseconds of CPU; longer work is a computation.
constexpr int64_t kLongWork = 20'000'000;
// The threshold if the service has no other operation to compare with: a user notices a tenth of a second.
constexpr int64_t kLongForAnyone = 100'000'000;
constexpr int64_t kTimesComparable = 10;
constexpr int64_t kCarefulTimes = 3;

bool is_own(const CallNode& node, TextId service) {
  return node.service == service && node.statement == StatementId::None && node.role != Role::Call;
}

// The CPU time of a service for one request, and its number of steps; calls separate steps. Many calls with a little
// work around each are a loop, which belongs to other classes.
struct Computed {
  int64_t ns = 0, steps = 1;
  int64_t per_step() const { return ns / steps; }
};

Computed computed(const Interner& names, const Request& request, TextId service) {
  Computed all;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    if (is_own(node, service)) all.ns += of(part.ns, SectionKind::Own);
    if (node.service == service && node.role == Role::Call) all.steps += part.calls;
  }
  return all;
}

// Returns the services whose own time was mostly recorded as running, not only as the length of their spans.
std::set<TextId> watched_services(const WorkloadProfile& now) {
  std::map<TextId, std::pair<int64_t, int64_t>> times;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      for (const Part& part : request.parts) {
        const CallNode& node = now.names().node(part.node);
        if (node.statement != StatementId::None || node.role == Role::Call) continue;
        times[node.service].first += of(part.ns, SectionKind::Own);
        times[node.service].second += part.ns[kUnknown];
      }
  std::set<TextId> services;
  for (const auto& [service, time] : times)
    if (time.first > time.second) services.insert(service);
  return services;
}

Cause make_cause(const Interner& names, TextId service) {
  const std::string& name = names.text(service);
  Cause cause;
  cause.cause = FindingClass::CpuBound;
  cause.entity = {"service", name, "", "", "", 0};
  cause.quality = kObserved;
  cause.phrase = name + "'s own work takes {share} of it";
  cause.advice = "profile " + name + ", and look at what it computes there";
  cause.would_tell = "stacks of its threads";
  cause.blamed = [service](const CallNode& node) { return is_own(node, service); };
  cause.blamed_kinds = {SectionKind::Own};
  return cause;
}

// Medians over the requests of one operation.
struct Typical {
  int64_t ns = 0, per_step_ns = 0;
};

using Operations = std::map<size_t, Typical>;

Operations operations_of(const WorkloadProfile& now, TextId service) {
  Operations all;
  for (size_t index = 0; index < now.operations().size(); ++index) {
    std::vector<int64_t> ns, per_step;
    for (const Request& request : now.operations()[index].kept) {
      const Computed here = computed(now.names(), request, service);
      if (here.ns > 0) ns.push_back(here.ns), per_step.push_back(here.per_step());
    }
    if (!ns.empty()) all[index] = {median(ns), median(per_step)};
  }
  return all;
}

// Returns the time of a step in the service's other operations; 0: it has none.
int64_t comparable_to(const Operations& operations, size_t index) {
  std::vector<int64_t> others;
  for (const auto& [other, typical] : operations)
    if (other != index) others.push_back(typical.per_step_ns);
  return others.empty() ? 0 : median(others);
}

bool is_long(const Typical& typical, int64_t comparable_ns) {
  if (comparable_ns == 0) return typical.ns >= kLongForAnyone;
  return typical.ns >= kLongWork && typical.per_step_ns >= kTimesComparable * comparable_ns;
}

// Finds an operation in which a service computes far more than in any other of its operations.
void find_long_work(const WorkloadProfile& now, TextId service, std::vector<Cause>& causes) {
  const Interner& names = now.names();
  const Operations operations = operations_of(now, service);
  const Typical* longest = nullptr;
  int64_t comparable_ns = 0;
  for (const auto& [index, typical] : operations) {
    const int64_t others_ns = comparable_to(operations, index);
    if (!is_long(typical, others_ns) || (longest && longest->ns >= typical.ns)) continue;
    longest = &typical, comparable_ns = others_ns;
  }
  if (!longest) return;
  Cause cause = make_cause(names, service);
  cause.pathological = true;
  cause.what = format_duration(longest->ns) + " of CPU per request (median) in " + names.text(service) + " itself";
  cause.evidence.push_back(observed(cause.what, static_cast<double>(longest->ns), "ns"));
  if (comparable_ns > 0)
    cause.evidence.push_back(observed(format_count(longest->per_step_ns / comparable_ns) +
                                          " times what its other operations take between two calls (" +
                                          format_duration(comparable_ns) + ")",
                                      static_cast<double>(comparable_ns), "ns"));
  cause.assuming = comparable_ns > 0 ? "it computes as little as in its other operations" : "it computes nothing";
  cause.saved = [&names, service, comparable_ns](const Request& request) {
    const Computed here = computed(names, request, service);
    if (!is_long({here.ns, here.per_step()}, comparable_ns)) return Saved{};
    const int64_t usual = comparable_ns * here.steps;
    return Saved{here.ns, std::max<int64_t>(here.ns - usual, 0),
                 std::max<int64_t>(here.ns - kCarefulTimes * usual, here.ns / 2)};
  };
  causes.push_back(std::move(cause));
}

Cause changed_work(const Interner& names, TextId service) {
  Cause cause = make_cause(names, service);
  cause.what = names.text(service) + " runs for longer than it did";
  cause.assuming = "it works for as long as it did before";
  cause.advice = "profile " + names.text(service) + ", and look at what changed in it";
  cause.saved = [&names, service](const Request& request) {
    const int64_t ns = computed(names, request, service).ns;
    return Saved{ns, ns, ns / 2};
  };
  return cause;
}

}  // namespace

std::vector<Cause> find_cpu_bound(const DetectorInput& input) {
  std::vector<Cause> causes;
  for (TextId service : watched_services(input.now)) {
    if (input.before == nullptr)
      find_long_work(input.now, service, causes);
    else
      causes.push_back(changed_work(input.now.names(), service));
  }
  return causes;
}

}  // namespace culprit::analysis
