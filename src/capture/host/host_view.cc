#include "capture/host/host_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "capture/wire/event.h"

namespace culprit::capture {
namespace {

std::string read_small(const char* path) {
  std::string content;
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return content;
  char buffer[8 << 10];
  ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) content.assign(buffer, static_cast<size_t>(n));
  ::close(fd);
  return content;
}

class ProcView : public HostView {
 public:
  ProcView() : seed_(read_host()) {}

  ProcessFacts process(int32_t pid) override {
    ProcessFacts facts;
    if (pid == PID_OUTSIDE) {  // stands for every process outside of this container
      facts.found = true;
      facts.pid = pid;
      facts.name = "outside";
      return facts;
    }
    auto seed = read_process(pid);
    if (!seed.has_value()) return facts;
    ProcessInfo& process = seed.value();
    facts.found = true;
    facts.pid = pid;
    facts.name = std::move(process.name);
    facts.parent_pid = process.parent_pid;
    facts.started_ns = process.started_ns + seed_.wall_ns - seed_.boottime_ns;
    facts.executable = std::move(process.executable);
    facts.command = std::move(process.arguments);
    facts.service = std::move(process.service);
    facts.cgroup = std::move(process.cgroup);
    return facts;
  }

  bool alive(int32_t pid) override {
    return pid == PID_OUTSIDE || ::access(("/proc/" + std::to_string(pid)).c_str(), F_OK) == 0;
  }

  std::vector<uint16_t> listening_ports() override {
    std::vector<uint16_t> ports;
    for (const ListeningSocket& socket : read_listening_sockets({::getpid()}))
      if (socket.port != 0) ports.push_back(socket.port);
    return ports;
  }

  SocketAddress near_end(int32_t pid, const SocketAddress& far) override { return read_near_end(pid, far); }

  std::vector<CpuTimes> cpu_times() override {
    std::vector<CpuTimes> all;
    for (const ProcessInfo& process : read_processes(list_pids()))
      all.push_back({process.pid, process.started_ns, process.user_ns + process.system_ns, process.wait_ns});
    return all;
  }

  int64_t throttled_ns(int32_t pid) override { return read_throttled_ns(pid); }

  std::string cpus_allowed(int32_t pid) override { return read_cpus_allowed(pid); }

  int64_t busy_ns() override {
    // "cpu user nice system idle iowait irq softirq steal …" (proc(5)). Busy time is all except idle, iowait and steal.
    const std::string stat = read_small("/proc/stat");
    std::vector<std::string_view> fields;
    for (std::string_view word : split(std::string_view(stat).substr(0, stat.find('\n')), ' '))
      if (!word.empty()) fields.push_back(word);
    int64_t ticks = 0;
    for (size_t i : {1, 2, 3, 6, 7}) {
      int64_t value = 0;
      if (i < fields.size()) std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), value);
      ticks += value;
    }
    return ticks * (1'000'000'000 / std::max<long>(1, sysconf(_SC_CLK_TCK)));
  }

  HostInfo host() override {
    HostInfo info;
    info.name = seed_.name;
    info.kernel = seed_.kernel;
    info.host_id = hash64(seed_.machine_id);
    info.boot_id = seed_.boot_id;
    info.run_id = trimmed(read_small("/proc/sys/kernel/random/uuid"));
    info.cpus = seed_.cpus;
    info.memory_bytes = seed_.memory_bytes;
    return info;
  }

 private:
  const HostReading seed_;
};

}  // namespace

std::unique_ptr<HostView> make_proc_view() { return std::make_unique<ProcView>(); }

}  // namespace culprit::capture
