// cpu_throttled: requests are runnable, and the CPU quota of their service's control group keeps them from running.
//
// Threads of a throttled group look like any threads that wait for a CPU. The kernel counts the time for which the
// quota stopped the group, which distinguishes them. If CPUs were idle at the same time, the quota is the only reason
// for the waits.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

struct Stopped {
  const Process* process = nullptr;  // the process that waited most
  int64_t throttled_ns = 0;          // of the group that was stopped longest
  int64_t runnable_ns = 0;           // sum over its processes
};

// Returns the services that take part in requests, by name.
std::map<std::string, Stopped> stopped_services(const WorkloadProfile& now) {
  std::map<std::string, Stopped> services;
  for (const Process& process : now.facts().processes) {
    if (process.throttled_ns <= 0 || !now.participants().contains(process.pid)) continue;
    Stopped& service = services[process.service.empty() ? process.name : process.service];
    if (!service.process || process.runnable_ns > service.process->runnable_ns) service.process = &process;
    service.throttled_ns = std::max(service.throttled_ns, process.throttled_ns);
    service.runnable_ns += process.runnable_ns;
  }
  return services;
}

// Returns calls to the service: while it is stopped it does not read them, so that they wait between the two ends.
std::unordered_set<NodeId> calls_to(const Interner& names, TextId service) {
  std::unordered_set<NodeId> calls;
  for (NodeId id{}; id < names.end_of_nodes(); id = next(id)) {
    const CallNode& node = names.node(id);
    if (node.service != service || node.parent == NodeId::None) continue;
    if (names.node(node.parent).role == Role::Call) calls.insert(node.parent);
  }
  return calls;
}

int64_t ready_ns(const Interner& names, const Request& request, TextId service) {
  return sum_parts(names, request, [&](const CallNode& node, const Part& part) {
    return node.service == service ? of(part.ns, SectionKind::Runnable) : 0;
  });
}

std::function<Saved(const Request&)> saving(const Interner& names, TextId service, double share) {
  return [&names, service, share, calls = calls_to(names, service)](const Request& request) {
    int64_t most = ready_ns(names, request, service);
    if (most == 0) return Saved{};
    for (const Part& part : request.parts)
      if (calls.contains(part.node)) most += of(part.ns, SectionKind::Callee);
    return Saved{most, static_cast<int64_t>(share * static_cast<double>(most)),
                 static_cast<int64_t>(share * static_cast<double>(most) / 2)};
  };
}

}  // namespace

std::vector<Cause> find_cpu_throttled(const DetectorInput& input) {
  const CpuUsage& cpu = input.cpu;
  std::vector<Cause> causes;
  Interner& names = input.now.names();
  const int64_t length_ns = cpu.cpus > 0 ? cpu.capacity_ns / cpu.cpus : 0;
  for (const auto& [name, stopped] : stopped_services(input.now)) {
    const TextId service = names.intern(name);
    int64_t waited_ns = 0, requests = 0;
    for (const Operation& operation : input.now.operations())
      for (const Request& request : operation.kept) {
        const int64_t ns = ready_ns(names, request, service);
        waited_ns += ns;
        requests += ns > 0;
      }
    if (requests == 0) continue;
    const bool idle = cpu.busy >= 0 && cpu.busy < kBusy;
    // On busy CPUs the service would have waited without the quota too: the quota's part is the time that the kernel
    // counted.
    const double share = idle ? 1
                              : std::min(1.0, static_cast<double>(stopped.throttled_ns) /
                                                  static_cast<double>(std::max<int64_t>(stopped.runnable_ns, 1)));
    const Process& process = *stopped.process;
    Cause cause;
    cause.cause = FindingClass::CpuThrottled;
    cause.mechanism = Mechanism::Quota;
    cause.entity = {"service", name, "", "", "", process.pid};
    cause.quality = kObserved;
    cause.phrase = name + "'s CPU quota stops it for {share} of it";
    cause.what = name + " is ready to run, and the CPU quota of its control group does not let it";
    cause.evidence.push_back(observed("its quota stopped the control group for " +
                                          format_duration(stopped.throttled_ns) +
                                          (length_ns > 0 ? " of " + format_duration(length_ns) : ""),
                                      static_cast<double>(stopped.throttled_ns), "ns"));
    cause.evidence.push_back(observed(
        "requests are ready there and without a CPU for " + format_duration(waited_ns / requests) + " each (mean)",
        static_cast<double>(waited_ns) / static_cast<double>(requests), "ns"));
    if (cpu.busy >= 0)
      cause.evidence.push_back(
          observed("the " + format_count(cpu.cpus) + " CPUs are " + format_share(std::min(cpu.busy, 1.0)) + " busy",
                   cpu.busy, "share"));
    if (!process.cgroup.empty() && process.cgroup != "/")
      cause.evidence.push_back(observed("its control group: " + process.cgroup));
    if (!idle) cause.against.push_back("the CPUs are busy: without the quota it would wait for them instead, at times");
    cause.assuming = "the quota leaves it the CPU time that it asks for";
    cause.advice = "raise or remove the group's CPU limit (cpu.max; a container's --cpus, resources.limits.cpu)";
    cause.would_tell = "one recording with a higher limit";
    cause.blamed = [&names, service, calls = calls_to(names, service)](const CallNode& node) {
      if (node.service == service) return true;
      return node.role == Role::Call && calls.contains(names.intern_node(node));
    };
    cause.blamed_kinds = {SectionKind::Runnable, SectionKind::Callee};  // as in saving()
    cause.saved = saving(names, service, share);
    cause.pathological = true;
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
