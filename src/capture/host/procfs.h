// The state of the machine when the recording begins: processes, listening sockets, the host. Read from /proc. Its
// texts are foreign data: a process sets its own name and command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace culprit::capture {

struct ProcessInfo {
  int32_t pid = 0, parent_pid = 0;
  int64_t started_ns = 0;              // CLOCK_BOOTTIME, in steps of a clock tick (10 ms)
  std::string name;                    // comm: the kernel's name of the process
  std::string executable;              // target of /proc/PID/exe; empty for kernel threads, and without permission
  std::vector<std::string> arguments;  // may contain secrets
  std::string service;                 // OTEL_SERVICE_NAME of its environment, else empty
  std::string cgroup;
  int32_t threads = 0;
  bool kernel = false;
  int64_t user_ns = 0, system_ns = 0;  // CPU time so far, in steps of a clock tick
  // of the threads alive: time on a CPU, and runnable without one; 0: the kernel does not count it
  int64_t run_ns = 0, wait_ns = 0;
};

struct ListeningSocket {
  enum class Family : uint8_t { Inet, Inet6, Unix };
  Family family = Family::Inet;
  std::string address;  // "127.0.0.1", "::", or the path of a Unix socket ('@' for an abstract one)
  uint16_t port = 0;
  uint64_t inode = 0;
  std::vector<int32_t> pids;  // processes that have it open, of those asked about
};

struct SocketAddress {
  std::string address;  // in the format of inet_ntop(3)
  uint16_t port = 0;    // 0: unknown
};

struct HostReading {
  std::string name, kernel, machine_id, boot_id;
  int32_t cpus = 0;
  uint64_t memory_bytes = 0;
  int64_t monotonic_ns = 0, boottime_ns = 0, wall_ns = 0;  // the same moment on three clocks
};

// list_pids() returns the pid of every process; descendants() returns the roots and all processes that descend from
// them.
std::vector<int32_t> list_pids();
std::vector<int32_t> descendants(const std::vector<int32_t>& roots);

// Leaves out processes that have ended meanwhile.
std::vector<ProcessInfo> read_processes(const std::vector<int32_t>& pids);
Result<ProcessInfo> read_process(int32_t pid);
// Returns the listening sockets of the network namespaces of these processes.
std::vector<ListeningSocket> read_listening_sockets(const std::vector<int32_t>& pids);
// Returns the process's own end of the connection whose other end is `far`. If no connection has that address (it may
// be a name), returns the end of a connection with that port.
SocketAddress read_near_end(int32_t pid, const SocketAddress& far);
HostReading read_host();
// Returns how long the CPU quotas of a process's control group and its parent groups have stopped it since they exist;
// 0: not at all.
int64_t read_throttled_ns(int32_t pid);

// Returns the CPUs that the threads of a process may use, in the kernel's notation ("0-3,8"); if the threads differ,
// the shortest list.
std::string read_cpus_allowed(int32_t pid);

// Parsers of /proc's texts, used by read_process(). A text in an unexpected form gives zero or an empty result.
ProcessInfo parse_stat(std::string_view text, int64_t ticks_per_second);
std::vector<ListeningSocket> parse_tcp_table(std::string_view text, ListeningSocket::Family family);
std::vector<ListeningSocket> parse_unix_table(std::string_view text);
SocketAddress find_near_end(std::string_view tcp_table, const SocketAddress& far);
// Returns the directories of the groups whose CPU quotas limit a process, from its /proc/PID/cgroup, innermost first.
std::vector<std::string> parse_quota_groups(std::string_view cgroups);
// Returns the path of a process's group, from its /proc/PID/cgroup; "/" or empty: it is in no group of its own.
std::string parse_cgroup(std::string_view cgroups);
// The list of /proc/PID/status, and its number of CPUs; 0: there is no list.
struct CpuList {
  std::string text;
  int32_t cpus = 0;
};
CpuList parse_cpus_allowed(std::string_view status);
// Parses the cpu.stat of a group.
int64_t parse_throttled_ns(std::string_view cpu_stat);

}  // namespace culprit::capture
