#include "capture/host/procfs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/clock.h"
#include "base/saturated.h"
#include "base/text.h"

namespace culprit::capture {
namespace {

constexpr size_t kTextLimit = 64 << 20;       // /proc/net/tcp has 150 bytes for each connection
constexpr size_t kArgumentsLimit = 64 << 10;  // limit for one command line or environment
constexpr int64_t kSecond = 1'000'000'000;

std::string read_text(const std::string& path, size_t limit = kTextLimit) {
  std::string text;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[16384];
  for (ssize_t n; text.size() < limit && (n = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  close(fd);
  if (text.size() > limit) text.resize(limit);
  return text;
}

std::string read_link(const std::string& path) {
  char target[4096];
  ssize_t n = readlink(path.c_str(), target, sizeof target);
  return n > 0 ? std::string(target, static_cast<size_t>(n)) : std::string();
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) names.emplace_back(entry->d_name);
  return names;
}

// Parses the whole text as a number; returns 0 if it is none.
template <class Number>
Number number(std::string_view text, int base = 10) {
  Number parsed{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed, base);
  return error == std::errc() && end == text.data() + text.size() ? parsed : Number{};
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::string_view word : split(text, ' '))
    if (!word.empty()) found.push_back(word);
  return found;
}

std::string proc(int32_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

// Parses "0100007F:1538": the address as words in the machine's byte order, and the port in hex. An IPv4-mapped IPv6
// address (RFC 4291 §2.5.5.2) becomes an IPv4 address.
SocketAddress parse_endpoint(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || (colon != 8 && colon != 32)) return {};
  std::array<uint32_t, 4> address{};
  for (size_t i = 0; i < colon / 8; ++i) address[i] = number<uint32_t>(text.substr(8 * i, 8), 16);
  const bool mapped = colon == 32 && address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
  char shown[INET6_ADDRSTRLEN] = {};
  inet_ntop(colon == 8 || mapped ? AF_INET : AF_INET6, mapped ? &address[3] : address.data(), shown, sizeof shown);
  return {shown, number<uint16_t>(text.substr(colon + 1), 16)};
}

std::map<uint64_t, std::vector<int32_t>> socket_holders(const std::vector<int32_t>& pids) {
  std::map<uint64_t, std::vector<int32_t>> holders;
  for (int32_t pid : pids) {
    std::string directory = proc(pid, "fd");
    for (const std::string& name : list_directory(directory)) {
      std::string target = read_link(directory + "/" + name);
      if (target.compare(0, 8, "socket:[") != 0 || target.back() != ']') continue;
      auto& of_socket = holders[number<uint64_t>(std::string_view(target).substr(8, target.size() - 9))];
      if (of_socket.empty() || of_socket.back() != pid) of_socket.push_back(pid);
    }
  }
  return holders;
}

}  // namespace

ProcessInfo parse_stat(std::string_view text, int64_t ticks_per_second) {
  ProcessInfo seed;
  size_t open = text.find('('), close = text.rfind(')');  // the name may contain parentheses
  if (open == std::string_view::npos || close == std::string_view::npos || close < open || ticks_per_second <= 0)
    return seed;
  seed.pid = number<int32_t>(trimmed(text.substr(0, open)));
  seed.name = repaired_utf8(text.substr(open + 1, close - open - 1));
  auto fields = words(trimmed(text.substr(close + 1)));  // [0] is the state, field 3 of proc(5)
  auto field = [&](size_t n) { return n - 3 < fields.size() ? number<int64_t>(fields[n - 3]) : 0; };
  // A number of ticks that would overflow is not valid.
  auto ticks = [&](size_t n) {
    int64_t value = field(n);
    return value < 0 || value > INT64_MAX / kSecond ? 0 : value * kSecond / ticks_per_second;
  };
  constexpr int64_t kKernelThread = 0x00200000;  // PF_KTHREAD
  seed.parent_pid = static_cast<int32_t>(field(4));
  seed.kernel = field(9) & kKernelThread;
  seed.user_ns = ticks(14);
  seed.system_ns = ticks(15);
  seed.threads = static_cast<int32_t>(field(20));
  seed.started_ns = ticks(22);
  return seed;
}

std::vector<int32_t> list_pids() {
  std::vector<int32_t> pids;
  for (const std::string& name : list_directory("/proc"))
    if (auto pid = number<int32_t>(name); pid > 0) pids.push_back(pid);
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<int32_t> descendants(const std::vector<int32_t>& roots) {
  std::unordered_map<int32_t, std::vector<int32_t>> children;
  for (int32_t pid : list_pids()) {
    ProcessInfo seed = parse_stat(read_text(proc(pid, "stat"), 4096), 100);
    if (seed.pid == pid) children[seed.parent_pid].push_back(pid);
  }
  std::vector<int32_t> found = roots;
  std::set<int32_t> known(roots.begin(), roots.end());
  for (size_t i = 0; i < found.size(); ++i) {
    for (int32_t child : children[found[i]])
      if (known.insert(child).second) found.push_back(child);
  }
  return found;
}

Result<ProcessInfo> read_process(int32_t pid) {
  std::string stat = read_text(proc(pid, "stat"), 4096);
  ProcessInfo seed = parse_stat(stat, sysconf(_SC_CLK_TCK));
  if (seed.pid != pid) return Error{Error::Kind::NotFound, "there is no process " + std::to_string(pid)};
  seed.cgroup = repaired_utf8(parse_cgroup(read_text(proc(pid, "cgroup"), 16384)));
  for (const std::string& task : list_directory(proc(pid, "task"))) {
    if (task[0] == '.') continue;
    std::string text = read_text(proc(pid, "task/" + task + "/schedstat"), 256);
    auto fields = words(trimmed(text));
    if (fields.size() < 2) continue;
    seed.run_ns += number<int64_t>(fields[0]);
    seed.wait_ns += number<int64_t>(fields[1]);
  }
  if (seed.kernel) return seed;
  seed.executable = repaired_utf8(read_link(proc(pid, "exe")));
  std::string arguments = read_text(proc(pid, "cmdline"), kArgumentsLimit);
  while (!arguments.empty() && arguments.back() == '\0') arguments.pop_back();
  if (!arguments.empty())
    for (std::string_view argument : split(arguments, '\0')) seed.arguments.push_back(repaired_utf8(argument));
  constexpr std::string_view kService = "OTEL_SERVICE_NAME=";
  std::string environment = read_text(proc(pid, "environ"), kArgumentsLimit);
  for (std::string_view variable : split(environment, '\0'))
    if (variable.substr(0, kService.size()) == kService) seed.service = repaired_utf8(variable.substr(kService.size()));
  return seed;
}

std::string parse_cgroup(std::string_view cgroups) {
  // "0::/a/b" in cgroup version 2. Where version 1 groups processes, version 2 has them all in "/": then the group of the
  // CPU controller counts, or that of systemd (cgroups(7), "N:controllers:/a/b").
  std::string_view unified, cpu, systemd;
  for (std::string_view line : split(cgroups, '\n')) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    const std::vector<std::string_view> names = split(controllers, ',');
    if (controllers.empty() && line.substr(0, first) == "0") unified = path;
    if (std::find(names.begin(), names.end(), "cpu") != names.end()) cpu = path;
    if (controllers == "name=systemd") systemd = path;
  }
  for (std::string_view path : {unified, cpu, systemd})
    if (path.size() > 1) return std::string(path);
  return std::string(unified);
}

std::vector<std::string> parse_quota_groups(std::string_view cgroups) {
  // "0::/a/b" in cgroup version 2. Version 1: "N:…cpu…:/a/b" if it controls the CPUs (cgroups(7)).
  std::string root, path;
  for (std::string_view line : split(cgroups, '\n')) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::vector<std::string_view> controllers = split(line.substr(first + 1, second - first - 1), ',');
    const bool cpu = std::find(controllers.begin(), controllers.end(), "cpu") != controllers.end();
    if (cpu || (root.empty() && line.substr(0, 3) == "0::")) {
      root = cpu ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup";
      path = line.substr(second + 1);
    }
  }
  constexpr size_t kDeepest = 32;
  std::vector<std::string> groups;
  while (path.size() > 1 && path[0] == '/' && groups.size() < kDeepest) {
    groups.push_back(root + path);
    path.resize(path.rfind('/'));
  }
  return groups;
}

int64_t parse_throttled_ns(std::string_view cpu_stat) {
  for (std::string_view line : split(cpu_stat, '\n')) {
    const auto fields = words(line);
    if (fields.size() != 2) continue;
    const int64_t value = std::max<int64_t>(0, number<int64_t>(fields[1]));
    if (fields[0] == "throttled_time") return value;                                       // version 1
    if (fields[0] == "throttled_usec") return std::min(value, INT64_MAX / 1'000) * 1'000;  // version 2
  }
  return 0;
}

int64_t read_throttled_ns(int32_t pid) {
  int64_t total_ns = 0;
  for (const std::string& group : parse_quota_groups(read_text(proc(pid, "cgroup"), 16384)))
    total_ns = saturated_sum(total_ns, parse_throttled_ns(read_text(group + "/cpu.stat", 4096)));
  return total_ns;
}

// Parses "Cpus_allowed_list:\t0-3,8". A process's own name cannot begin a line, as the kernel escapes it.
CpuList parse_cpus_allowed(std::string_view status) {
  constexpr int32_t kMostCpus = 65'536;
  constexpr std::string_view kLine = "Cpus_allowed_list:";
  CpuList list;
  for (std::string_view line : split(status, '\n')) {
    if (!line.starts_with(kLine)) continue;
    const std::string_view ranges = trimmed(line.substr(kLine.size()));
    for (std::string_view range : split(ranges, ',')) {
      const std::string_view first = range.substr(0, range.find('-'));
      const std::string_view last = range.substr(range.rfind('-') + 1);  // the whole text if there is no '-'
      const auto from = number<int32_t>(first), to = number<int32_t>(last);
      auto is_number = [](std::string_view digits) {
        return !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == digits.npos;
      };
      if (!is_number(first) || !is_number(last) || from > to || to >= kMostCpus) return {};
      list.cpus = std::min(kMostCpus, list.cpus + to - from + 1);
    }
    list.text = ranges;
    return list;
  }
  return list;
}

std::string read_cpus_allowed(int32_t pid) {
  constexpr size_t kMostThreads = 64;  // of a process with more threads, the oldest ones
  CpuList fewest;
  size_t looked_at = 0;
  for (const std::string& tid : list_directory(proc(pid, "task"))) {
    if (++looked_at > kMostThreads) break;
    CpuList list = parse_cpus_allowed(read_text(proc(pid, ("task/" + tid + "/status").c_str()), 8192));
    if (list.cpus > 0 && (fewest.cpus == 0 || list.cpus < fewest.cpus)) fewest = std::move(list);
  }
  return fewest.text;
}

std::vector<ProcessInfo> read_processes(const std::vector<int32_t>& pids) {
  std::vector<ProcessInfo> seeds;
  for (int32_t pid : pids) {
    auto seed = read_process(pid);
    if (seed.has_value()) seeds.push_back(std::move(seed).value());
  }
  return seeds;
}

// Parses lines of "  sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …".
std::vector<ListeningSocket> parse_tcp_table(std::string_view text, ListeningSocket::Family family) {
  std::vector<ListeningSocket> sockets;
  for (std::string_view line : split(text, '\n')) {
    auto fields = words(line);
    if (fields.size() < 10 || fields[3] != "0A") continue;  // TCP_LISTEN
    SocketAddress local = parse_endpoint(fields[1]);
    if (local.port == 0) continue;
    sockets.push_back({.family = family,
                       .address = local.address,
                       .port = local.port,
                       .inode = number<uint64_t>(fields[9]),
                       .pids = {}});
  }
  return sockets;
}

SocketAddress find_near_end(std::string_view tcp_table, const SocketAddress& far) {
  SocketAddress near;
  for (std::string_view line : split(tcp_table, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 10 || fields[3] != "01") continue;  // TCP_ESTABLISHED
    const SocketAddress other = parse_endpoint(fields[2]);
    if (other.port != far.port) continue;
    if (other.address == far.address) return parse_endpoint(fields[1]);
    if (near.port == 0) near = parse_endpoint(fields[1]);
  }
  return near;
}

SocketAddress read_near_end(int32_t pid, const SocketAddress& far) {
  const SocketAddress near = find_near_end(read_text(proc(pid, "net/tcp")), far);
  return near.port != 0 ? near : find_near_end(read_text(proc(pid, "net/tcp6")), far);
}

// Parses lines of "Num RefCount Protocol Flags Type St Inode Path".
std::vector<ListeningSocket> parse_unix_table(std::string_view text) {
  constexpr uint32_t kAccepts = 0x10000;  // __SO_ACCEPTCON
  std::vector<ListeningSocket> sockets;
  for (std::string_view line : split(text, '\n')) {
    auto fields = words(line);
    if (fields.size() < 8 || !(number<uint32_t>(fields[3], 16) & kAccepts)) continue;
    std::string path =
        repaired_utf8(line.substr(static_cast<size_t>(fields[7].data() - line.data())));  // a path may contain spaces
    sockets.push_back({.family = ListeningSocket::Family::Unix,
                       .address = std::move(path),
                       .port = 0,
                       .inode = number<uint64_t>(fields[6]),
                       .pids = {}});
  }
  return sockets;
}

std::vector<ListeningSocket> read_listening_sockets(const std::vector<int32_t>& pids) {
  using Family = ListeningSocket::Family;
  std::vector<ListeningSocket> found;
  std::set<std::string> namespaces;
  for (int32_t pid : pids) {
    std::string name = read_link(proc(pid, "ns/net"));
    if (name.empty() || !namespaces.insert(name).second) continue;
    for (auto& one : parse_tcp_table(read_text(proc(pid, "net/tcp")), Family::Inet)) found.push_back(std::move(one));
    for (auto& one : parse_tcp_table(read_text(proc(pid, "net/tcp6")), Family::Inet6)) found.push_back(std::move(one));
    for (auto& one : parse_unix_table(read_text(proc(pid, "net/unix")))) found.push_back(std::move(one));
  }
  auto holders = socket_holders(pids);
  for (ListeningSocket& one : found)
    if (auto of_socket = holders.find(one.inode); of_socket != holders.end()) one.pids = of_socket->second;
  return found;
}

HostReading read_host() {
  HostReading host;
  utsname names{};
  if (uname(&names) == 0) {
    host.name = repaired_utf8(names.nodename);
    host.kernel = repaired_utf8(names.release);
  }
  host.machine_id = repaired_utf8(trimmed(read_text("/etc/machine-id", 256)));
  host.boot_id = repaired_utf8(trimmed(read_text("/proc/sys/kernel/random/boot_id", 256)));
  host.cpus = static_cast<int32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  host.memory_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  host.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  host.boottime_ns = clock_ns(CLOCK_BOOTTIME);
  host.wall_ns = clock_ns(CLOCK_REALTIME);
  return host;
}

}  // namespace culprit::capture
