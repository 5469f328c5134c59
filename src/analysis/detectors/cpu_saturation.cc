// cpu_saturation: requests are runnable and get no CPU, because other threads use the CPUs.
//
// The holder is the process that ran while a request was runnable, or else the process with the most CPU time. A
// process that takes part in no request is a noisy neighbour. If the requests' own services use the CPUs, that is load,
// and reported only if most of the time is lost there. Waits caused by a slow statement are attributed to the
// statement.
#include <algorithm>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A neighbour with a smaller share of the CPUs does not cause half of the requests' waits.
constexpr double kNeighbourShare = 0.25;
// Own load is a cause only if waiting dominates: a system near its limit always waits a little.
constexpr double kOwnLoadWaits = 0.4;
constexpr int64_t kOwnLoadWaitNs = 10'000'000;

struct Waiting {
  int64_t runnable_ns = 0, path_ns = 0, requests = 0;
  double share() const { return path_ns > 0 ? static_cast<double>(runnable_ns) / static_cast<double>(path_ns) : 0; }
};

Waiting waiting_of(const WorkloadProfile& now) {
  Waiting waiting;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept) {
      for (const Part& part : request.parts) waiting.runnable_ns += of(part.ns, SectionKind::Runnable);
      waiting.path_ns += request.duration_ns;
      ++waiting.requests;
    }
  return waiting;
}

// Shortens a command line to fit one line: a compiler's fills a page.
std::string cut(const std::string& command) {
  constexpr size_t kLongest = 60;
  if (command.size() <= kLongest) return command;
  size_t end = kLongest;
  while (end > 0 && (command[end] & 0xC0) == 0x80) --end;  // do not cut inside a character
  return command.substr(0, end) + "…";
}

struct Holder {
  CpuHolder process;
  double share = 0;      // share of the requests' waits
  bool watched = false;  // measured on the threads that ran while a request was runnable
};

// Returns the largest holder that serves requests (or does not), and its share of the requests' waits.
Holder largest(const CpuUsage& cpu, bool serves, int64_t runnable_ns) {
  int64_t held = 0;
  for (const CpuHolder& holder : cpu.holders) held += holder.held_from_requests_ns;
  Holder best;
  best.watched = held * 3 >= runnable_ns && held > 0;
  for (const CpuHolder& holder : cpu.holders) {
    if (holder.serves != serves) continue;
    // The recorder works most when most happens: it is a cause only if it takes a neighbour's share of all CPUs itself.
    double of_all =
        cpu.capacity_ns > 0 ? static_cast<double>(holder.running_ns) / static_cast<double>(cpu.capacity_ns) : 0;
    if (holder.recorder && of_all < kNeighbourShare) continue;
    int64_t part = best.watched ? holder.held_from_requests_ns : holder.running_ns;
    int64_t all = best.watched ? held : cpu.running_ns;
    double share = all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
    if (share > best.share) best.process = holder, best.share = share;
  }
  return best;
}

std::string named(const CpuHolder& process) {
  std::string pid = process.processes > 1
                        ? format_count(process.processes) + " processes, pid " + std::to_string(process.pid) + " first"
                        : "pid " + std::to_string(process.pid);
  return process.name.starts_with("pid ") ? process.name : process.name + " (" + pid + ")";
}

std::function<Saved(const Request&)> saving(const Interner& names, double share) {
  return [&names, share](const Request& request) {
    int64_t runnable =
        sum_parts(names, request, [](const CallNode&, const Part& part) { return of(part.ns, SectionKind::Runnable); });
    // A callee without a CPU reads the request late: that wait lies between the two ends' spans.
    int64_t between =
        sum_parts(names, request, [](const CallNode&, const Part& part) { return of(part.ns, SectionKind::Callee); });
    if (runnable == 0) between = 0;
    int64_t most = runnable + between;
    return Saved{most, static_cast<int64_t>(share * static_cast<double>(most)),
                 static_cast<int64_t>(share * static_cast<double>(most) / 2)};
  };
}

Cause make_cause(const WorkloadProfile& now, const CpuUsage& cpu, const Holder& holder, const Waiting& waiting,
                 double share) {
  Cause cause;
  cause.cause = FindingClass::CpuSaturation;
  const bool confined = cpu.busy >= 0 && cpu.busy < kBusy;
  cause.mechanism = confined ? Mechanism::Affinity : holder.process.serves ? Mechanism::OwnLoad : Mechanism::Neighbour;
  cause.entity = {"process", holder.process.name, "", "", "", holder.process.pid};
  cause.quality = holder.watched ? kObserved : kInferred;
  cause.phrase = "requests wait for a CPU for {share} of their time; " + named(holder.process) + " holds them";
  cause.what = named(holder.process) + " holds the CPUs while requests are ready to run";
  int64_t mean_ns = waiting.runnable_ns / std::max<int64_t>(waiting.requests, 1);
  cause.evidence.push_back(
      observed("requests are ready and without a CPU for " + format_duration(mean_ns) + " each (mean)",
               static_cast<double>(mean_ns), "ns"));
  if (cpu.busy >= 0)
    cause.evidence.push_back(
        observed("the " + format_count(cpu.cpus) + " CPUs are " + format_share(std::min(cpu.busy, 1.0)) + " busy",
                 cpu.busy, "share"));
  std::string of_what = holder.watched ? " of the time that requests waited, it ran" : " of all CPU time is its";
  cause.evidence.push_back(observed(format_share(holder.share) + of_what, holder.share, "share"));
  if (!holder.process.command.empty())
    cause.evidence.push_back(observed("its command: " + cut(holder.process.command)));
  if (cpu.busy < 0) cause.against.push_back("how busy the CPUs were was not recorded");
  if (confined) {
    cause.quality = std::min(cause.quality, kInferred);
    cause.evidence.push_back(
        inferred("CPUs are free in the machine meanwhile: its threads may use fewer of them (a CPU set, an affinity)"));
  }
  cause.assuming = "it no longer competes for the CPUs";
  cause.advice =
      confined ? "let it use more CPUs: taskset -cp " + std::to_string(holder.process.pid) + ", its group's cpuset.cpus"
      : holder.process.serves ? "give this service more CPUs, or less to do"
                              : "move it elsewhere, or bound it: nice, or a cgroup's cpu.max or cpu.weight";
  cause.would_tell = "one recording while it is stopped";
  cause.blamed = [](const CallNode&) { return true; };
  cause.blamed_kinds = {SectionKind::Runnable, SectionKind::Callee};  // as in saving()
  cause.saved = saving(now.names(), share);
  cause.pathological = true;
  return cause;
}

// Returns whether the running threads would keep at least one CPU busy.
bool is_one_cpu_full(const CpuUsage& cpu) { return cpu.cpus > 1 && cpu.busy * cpu.cpus >= kBusy; }

bool is_throttled(const WorkloadProfile& now) {
  return std::any_of(now.facts().processes.begin(), now.facts().processes.end(), [&](const Process& process) {
    return process.throttled_ns > 0 && now.participants().contains(process.pid);
  });
}

// Returns the share of all CPU time that belongs to the work of causes found before.
double claimed_share(const DetectorInput& input) {
  double share = 0;
  for (const Cause& cause : *input.found) share += input.cpu.share_of(cause.cpu_ns);
  return std::min(share, 1.0);
}

}  // namespace

std::vector<Cause> find_cpu_saturation(const DetectorInput& input) {
  const CpuUsage& cpu = input.cpu;
  Waiting waiting = waiting_of(input.now);
  if (waiting.runnable_ns <= 0 || cpu.holders.empty()) return {};
  // The machine has free CPUs, and threads wait for a CPU: they may be restricted to fewer CPUs than exist. A quota has
  // the same effect, but the kernel counts it: cpu_throttled.
  const bool confined = cpu.busy >= 0 && cpu.busy < kBusy;
  if (confined && (!is_one_cpu_full(cpu) || is_throttled(input.now))) return {};
  double left = std::clamp(1 - claimed_share(input), 0.0, 1.0);
  Holder neighbour = largest(cpu, false, waiting.runnable_ns);
  const bool waits = waiting.share() * left >= kOwnLoadWaits;
  if (neighbour.share >= kNeighbourShare && (!confined || waits)) {
    // Without the neighbour nearly all waits would disappear, not only its share: near full load, a queue grows without
    // bound.
    double share = std::min(left, std::min(1.0, neighbour.share * 1.5));
    return {make_cause(input.now, cpu, neighbour, waiting, share)};
  }
  Holder own = largest(cpu, true, waiting.runnable_ns);
  bool dominates = waiting.share() * left >= kOwnLoadWaits &&
                   waiting.runnable_ns / std::max<int64_t>(waiting.requests, 1) >= kOwnLoadWaitNs;
  if (!dominates || own.share <= 0) return {};
  return {make_cause(input.now, cpu, own, waiting, left * own.share)};
}

}  // namespace culprit::analysis
