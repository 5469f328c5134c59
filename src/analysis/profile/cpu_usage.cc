#include "analysis/profile/cpu_usage.h"

#include <algorithm>
#include <map>

namespace culprit::analysis {

namespace {

constexpr std::string_view kRecorder = "culprit";

using ByPid = std::unordered_map<int32_t, const Process*>;

// Returns whether a process works for requests: it handled some, its parent did, or it is a sibling of a process that
// did in the same server (a worker, a parallel query, a vacuum: forked from one program by one parent that runs that
// program too).
bool serves(const Process& process, const ByPid& by_pid, const WorkloadProfile& profile) {
  const auto& participants = profile.participants();
  if (participants.contains(process.pid) || participants.contains(process.parent_pid)) return true;
  auto parent = by_pid.find(process.parent_pid);
  if (parent == by_pid.end() || parent->second->executable.empty()) return false;
  if (parent->second->executable != process.executable || parent->second->command == process.command) return false;
  return std::any_of(participants.begin(), participants.end(), [&](const auto& participant) {
    auto sibling = by_pid.find(participant.first);
    return sibling != by_pid.end() && sibling->second->parent_pid == process.parent_pid &&
           sibling->second->executable == process.executable;
  });
}

}  // namespace

CpuUsage measure_cpu_usage(const WorkloadProfile& profile) {
  CpuUsage usage;
  int64_t busy_ns = 0;
  for (const HostInfo& host : profile.facts().hosts) {
    if (host.cpus <= 0 || host.ended_ns <= host.started_ns) continue;
    usage.cpus += host.cpus;
    usage.capacity_ns += host.cpus * (host.ended_ns - host.started_ns);
    busy_ns += host.cpu_busy_ns;
  }
  if (usage.capacity_ns > 0 && busy_ns > 0)
    usage.busy = static_cast<double>(busy_ns) / static_cast<double>(usage.capacity_ns);

  ByPid by_pid;
  for (const Process& process : profile.facts().processes) by_pid[process.pid] = &process;
  std::map<std::pair<std::string, bool>, CpuHolder> groups;
  std::map<std::pair<std::string, bool>, int64_t> most;
  const auto& held = profile.cpu_holders();
  for (const Process& process : profile.facts().processes) {
    if (process.name.empty()) continue;  // ended before /proc was read: it has no name, and its times are unreliable
    bool serving = serves(process, by_pid, profile);
    // Processes are grouped by program, both servers and others: eight copies of one CPU burner are one entry.
    std::pair<std::string, bool> key{process.name, serving};
    CpuHolder& holder = groups[key];
    auto from_requests = held.find(process.pid);
    int64_t stolen = from_requests == held.end() ? 0 : from_requests->second;
    holder.name = process.name;
    holder.recorder = process.name.starts_with(kRecorder);
    holder.serves = serving;
    holder.running_ns += process.running_ns;
    holder.held_from_requests_ns += stolen;
    ++holder.processes;
    usage.running_ns += process.running_ns;
    int64_t weight = process.running_ns + stolen;
    if (holder.processes == 1 || weight > most[key]) {
      most[key] = weight;
      holder.pid = process.pid;
      holder.command = process.command;
    }
  }
  for (auto& [key, holder] : groups) usage.holders.push_back(holder);
  // A blocker without a row in the process table has a pid and no name.
  for (auto [pid, ns] : held)
    if (!by_pid.contains(pid) && pid > 0) {
      bool serving = profile.participants().contains(pid);
      usage.holders.push_back({"pid " + std::to_string(pid), "", pid, 0, ns, 1, false, serving});
    }
  std::sort(usage.holders.begin(), usage.holders.end(), [](const CpuHolder& a, const CpuHolder& b) {
    int64_t wa = a.running_ns + a.held_from_requests_ns, wb = b.running_ns + b.held_from_requests_ns;
    return wa != wb ? wa > wb : a.pid < b.pid;
  });
  usage.known = usage.running_ns > 0;
  return usage;
}

}  // namespace culprit::analysis
