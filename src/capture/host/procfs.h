// What is there already when recording begins: processes, listening sockets, the host. Read from /proc, whose texts are
// taken as foreign: a process writes its own name and command line.
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
  std::string name;                    // comm
  std::string executable;              // what /proc/PID/exe says; empty for kernel threads, and where rights lack
  std::vector<std::string> arguments;  // as given: may hold secrets
  std::string service;                 // OTEL_SERVICE_NAME in its environment, else empty
  std::string cgroup;
  int32_t threads = 0;
  bool kernel = false;
  int64_t user_ns = 0, system_ns = 0;  // CPU time so far, in steps of a clock tick
  int64_t run_ns = 0,
          wait_ns = 0;  // of the threads alive now: on a CPU; ready, without one. 0: not told by this kernel
};

struct ListeningSocket {
  enum class Family : uint8_t { Inet, Inet6, Unix };
  Family family = Family::Inet;
  std::string address;  // "127.0.0.1", "::", or the path of a Unix socket ('@' for an abstract one)
  uint16_t port = 0;
  uint64_t inode = 0;
  std::vector<int32_t> pids;  // who holds it, of those asked about
};

struct SocketAddress {
  std::string address;  // as inet_ntop(3) writes it
  uint16_t port = 0;    // 0: not known
};

struct HostReading {
  std::string name, kernel, machine_id, boot_id;
  int32_t cpus = 0;
  uint64_t memory_bytes = 0;
  int64_t monotonic_ns = 0, boottime_ns = 0, wall_ns = 0;  // one moment on three clocks
};

// Every process' number, and the numbers of these and of all that descend from them.
std::vector<int32_t> list_pids();
std::vector<int32_t> descendants(const std::vector<int32_t>& roots);

// A process that is gone meanwhile is left out.
std::vector<ProcessInfo> read_processes(const std::vector<int32_t>& pids);
Result<ProcessInfo> read_process(int32_t pid);
// Of the network namespaces that these processes live in.
std::vector<ListeningSocket> read_listening_sockets(const std::vector<int32_t>& pids);
// The process' end of the connection whose other end is `far`; of any with that port, where none has the address too (it
// may be a name).
SocketAddress read_near_end(int32_t pid, const SocketAddress& far);
HostReading read_host();
// How long the CPU quotas of a process' control group, and of those above it, have stopped it since they exist; 0: none did.
int64_t read_throttled_ns(int32_t pid);

// Parts of /proc's texts, for read_process(). Zero and empty where a text is not as expected.
ProcessInfo parse_stat(std::string_view text, int64_t ticks_per_second);
std::vector<ListeningSocket> parse_tcp_table(std::string_view text, ListeningSocket::Family family);
std::vector<ListeningSocket> parse_unix_table(std::string_view text);
SocketAddress find_near_end(std::string_view tcp_table, const SocketAddress& far);
// Directories of the groups whose CPU quotas bind a process, by its /proc/PID/cgroup, innermost first.
std::vector<std::string> parse_quota_groups(std::string_view cgroups);
// Of a group's cpu.stat.
int64_t parse_throttled_ns(std::string_view cpu_stat);

}  // namespace culprit::capture
