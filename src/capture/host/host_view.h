// HostView: what /proc shows of processes and of the host. A seam: tests use a fake.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/host/procfs.h"
#include "model/record.h"

namespace culprit::capture {

struct ProcessFacts {
  bool found = false;
  int32_t pid = 0, parent_pid = 0;
  int64_t started_ns = 0;            // wall clock, in steps of 10 ms: /proc counts in clock ticks
  std::string name;                  // comm: the kernel's name of the process
  std::string executable;            // path; empty: no permission to read it, or a kernel thread
  std::vector<std::string> command;  // argv; may contain secrets
  std::string service;               // OTEL_SERVICE_NAME of its environment; mostly empty
  std::string cgroup;
};

struct CpuTimes {
  int32_t pid = 0;
  int64_t started_ns = 0;   // since boot; together with the pid, it identifies the process
  int64_t running_ns = 0;   // in steps of 10 ms
  int64_t runnable_ns = 0;  // sum over the threads alive; 0 if the kernel does not count it
};

class HostView {
 public:
  virtual ~HostView() = default;
  virtual ProcessFacts process(int32_t pid) = 0;
  virtual bool alive(int32_t pid) = 0;
  virtual std::vector<uint16_t> listening_ports() = 0;
  // Returns the process's own address on the TCP connection whose other end is `far`.
  virtual SocketAddress near_end(int32_t pid, const SocketAddress& far) = 0;
  virtual std::vector<CpuTimes> cpu_times() = 0;
  // Returns how long CPU quotas have stopped its control group so far.
  virtual int64_t throttled_ns(int32_t pid) = 0;
  // Returns the CPUs that the process's threads may use, in the kernel's notation; if the threads differ, the shortest
  // list.
  virtual std::string cpus_allowed(int32_t pid) = 0;
  // Returns the busy time of all CPUs since boot.
  virtual int64_t busy_ns() = 0;
  // Returns name, ids, kernel, CPUs and memory; no times.
  virtual HostInfo host() = 0;
};

std::unique_ptr<HostView> make_proc_view();

}  // namespace culprit::capture
