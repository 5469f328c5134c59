// Programs: the BPF object in the kernel: loaded, configured, attached, counted. The only place that knows libbpf.
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

  // Attaches what the options ask for. A hook that is not there or refuses is said in probes(), and is an error only
  // where nothing would be recorded without it.
  Result<void> attach();
  void detach();

  // Adds processes to the recorded ones; decisions already made are void from here on.
  Result<void> add_to_scope(const std::vector<int32_t>& pids);
  // Notes which recorded threads sleep now. After the scope is complete.
  void seed_threads();
  // Prepares mark_live_sockets(), while there are rights to.
  void attach_live_sockets();
  // Which sockets live now; nothing where that can't be told. Valid until the next call.
  std::optional<LiveSockets> mark_live_sockets(uint64_t multiplier);
  // Probes a function of a program: `path` leads to its file, `offset` is the function's place in it.
  // Its hits are counted at `probe` of cpu_counts.
  Result<void> attach_report(const std::string& name, const std::string& path, uint64_t offset, uint32_t probe);
  void detach_report(const std::string& name) { links_.erase(name); }
  // Puts the report program on a function of our own, to measure what that costs, until the link goes.
  using Link = std::unique_ptr<bpf_link, void (*)(bpf_link*)>;
  Result<Link> link_report(const std::string& path, uint64_t offset, uint32_t probe);
  void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received);

  struct Ring {
    int fd = -1;
    uint32_t size_bytes = 0;
  };
  const std::vector<Ring>& rings() const { return rings_; }
  int control_fd() const;
  uint32_t ring_size_bytes() const { return ring_size_bytes_; }  // of CPUs that were online
  uint32_t control_size_bytes() const;
  // Over all CPUs; gap fields are meaningless in the sum.
  cpu_counts total_counts() const;
  std::vector<ProbeState> probes() const;
  // The state of every recorded thread's slot.
  std::vector<thread_slot> slots() const;

 private:
  explicit Programs(const SourceOptions& options) : options_(options) {}
  Result<void> try_load();
  Result<void> configure();
  Result<void> fill_rings();
  capture_policy kernel_policy(CapturePolicy policy) const;

  SourceOptions options_;
  uint32_t ring_size_bytes_ = 0;
  uint32_t n_cpus_ = 0;
  recorder_bpf* skeleton_ = nullptr;
  std::map<std::string, ProbeState> off_;  // programs not loaded, and why
  std::set<std::string> attached_;         // ever: also after detach()
  std::map<std::string, Link> links_;      // by program, or report probe
  std::vector<uint32_t> ring_sizes_;       // by CPU
  std::vector<Ring> rings_;
  int stats_fd_ = -1;
  live_sockets* live_sockets_ = nullptr;  // mapped
};

}  // namespace culprit::capture
