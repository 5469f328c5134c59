// Programs: the BPF object in the kernel: loaded, configured, attached, counted. The only class that uses libbpf.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/kernel/event_source.h"
#include "capture/kernel/told_sockets.h"
#include "capture/wire/state.h"

struct recorder_bpf;
struct bpf_link;
struct bpf_program;

namespace culprit::capture {

class Programs {
 public:
  static Result<std::unique_ptr<Programs>> load(const SourceOptions& options);
  ~Programs();

  // Attaches the hooks that the options ask for. A hook that is missing or refused is reported by probes(). It is an
  // error only if nothing could be recorded without it.
  Result<void> attach();
  void detach();

  // Adds processes to the recorded ones and invalidates earlier decisions.
  Result<void> add_to_scope(const std::vector<int32_t>& pids);
  // Stores which recorded threads sleep now. Call it after the scope is complete.
  void seed_threads();
  // Prepares mark_live_sockets() while the process still has the rights.
  void attach_live_sockets();
  // Returns which sockets exist now, or nothing if the kernel cannot list them. Valid until the next call.
  std::optional<LiveSockets> mark_live_sockets(uint64_t multiplier);
  // Attaches a probe to a function of a program: `path` is its file, `offset` the function's position in the file. Hits
  // are counted in cpu_counts at index `probe`.
  Result<void> attach_report(const std::string& name, const std::string& path, uint64_t offset, uint32_t probe);
  void detach_report(const std::string& name) { links_.erase(name); }
  // Attaches the report program to a function of culprit itself, to measure the cost of a hit. The probe lasts as long
  // as the link.
  using Link = std::unique_ptr<bpf_link, void (*)(bpf_link*)>;
  Result<Link> link_report(const std::string& path, uint64_t offset, uint32_t probe);
  void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received);

  struct Ring {
    int fd = -1;
    uint32_t size_bytes = 0;
  };
  const std::vector<Ring>& rings() const { return rings_; }
  int control_fd() const;
  uint32_t ring_size_bytes() const { return ring_size_bytes_; }  // size of the rings of CPUs that were online
  uint32_t control_size_bytes() const;
  // Returns the sum over all CPUs; the gap fields have no meaning in a sum.
  cpu_counts total_counts() const;
  std::vector<ProbeState> probes() const;
  // Returns the slot of every recorded thread.
  std::vector<thread_slot> slots() const;

 private:
  explicit Programs(const SourceOptions& options) : options_(options) {}
  Result<void> try_load();
  Result<void> configure();
  Result<void> fill_rings();
  Result<void> find_pid_level();
  capture_policy kernel_policy(CapturePolicy policy) const;

  SourceOptions options_;
  uint32_t ring_size_bytes_ = 0;
  uint32_t n_cpus_ = 0;
  recorder_bpf* skeleton_ = nullptr;
  std::map<std::string, ProbeState> off_;  // programs that were not loaded, and the reason
  std::set<std::string> attached_;         // programs that were attached at any time, also before detach()
  std::map<std::string, Link> links_;      // by program name, or by name of the report probe
  std::vector<uint32_t> ring_sizes_;       // index: CPU
  std::vector<Ring> rings_;
  int stats_fd_ = -1;
  live_sockets* live_sockets_ = nullptr;  // memory-mapped
};

}  // namespace culprit::capture
