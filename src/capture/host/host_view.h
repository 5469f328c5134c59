// HostView: what /proc tells about processes and the host. A seam: tests have a fake.
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
  int64_t started_ns = 0;            // wall clock, to 10 ms: /proc counts it in ticks
  std::string name;                  // comm
  std::string executable;            // path; empty: not allowed to see, or a kernel thread
  std::vector<std::string> command;  // argv; may hold secrets
  std::string service;               // as its environment says: OTEL_SERVICE_NAME; mostly empty
  std::string cgroup;
};

struct CpuTimes {
  int32_t pid = 0;
  int64_t started_ns = 0;   // since boot; with the pid an identity
  int64_t running_ns = 0;   // to 10 ms
  int64_t runnable_ns = 0;  // of the threads alive; 0 where the kernel does not count it
};

class HostView {
 public:
  virtual ~HostView() = default;
  virtual ProcessFacts process(int32_t pid) = 0;
  virtual bool alive(int32_t pid) = 0;
  virtual std::vector<uint16_t> listening_ports() = 0;
  // The process' end of the TCP connection whose other end is `far`.
  virtual SocketAddress near_end(int32_t pid, const SocketAddress& far) = 0;
  virtual std::vector<CpuTimes> cpu_times() = 0;
  // How long CPU quotas have stopped its control group so far.
  virtual int64_t throttled_ns(int32_t pid) = 0;
  // Busy time of all CPUs since boot.
  virtual int64_t busy_ns() = 0;
  // Name, ids, kernel, CPUs, memory; no times.
  virtual HostInfo host() = 0;
};

std::unique_ptr<HostView> make_proc_view();

}  // namespace culprit::capture
