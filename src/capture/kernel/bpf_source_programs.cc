#include "capture/kernel/bpf_source_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>

#include "capture/kernel/cpus.h"

// The generated header has unused parameters, the only thing in it that g++ warns about.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "recorder.skel.h"
#pragma GCC diagnostic pop

namespace culprit::capture {
namespace {

enum class Part : uint8_t { Life, Scheduling, Interrupts, Sockets, Disk, Reports };
struct Hook {
  const char* program;
  Part part;
  bool needed;  // if this hook is missing, its part cannot work
};
constexpr Hook kHooks[] = {
#define HOOK(program, part, needed) {#program, Part::part, needed},
#include "capture/wire/events.inc"
};

// Programs that the recorder runs itself; no kernel event runs them.
constexpr std::string_view kSeedThreads = "seed_threads", kMarkLiveSockets = "mark_live_sockets";

bool wanted(const SourceOptions& options, Part part) {
  switch (part) {
    case Part::Life: return true;
    case Part::Scheduling: return options.scheduling;
    case Part::Interrupts: return options.interrupts && options.scheduling;
    case Part::Sockets: return options.sockets;
    case Part::Disk: return options.disk;
    case Part::Reports: return options.reports && options.probes;
  }
  return false;
}

// The last complaints of libbpf. Its print function has no context argument, hence thread_local: one load at a time.
thread_local std::string last_complaints;

int keep_complaint(enum libbpf_print_level level, const char* format, va_list arguments) {
  char line[512];
  if (level != LIBBPF_WARN) return 0;
  std::vsnprintf(line, sizeof line, format, arguments);
  if (last_complaints.size() < 16384) last_complaints += line;
  return 0;
}

// Returns the program that libbpf complained about last ("prog 'NAME': …") and the complaint.
std::pair<std::string, std::string> culprit_of(std::string_view complaints) {
  size_t at = complaints.rfind("prog '");
  if (at == std::string_view::npos) return {};
  std::string_view rest = complaints.substr(at + 6);
  std::string name(rest.substr(0, rest.find('\'')));
  size_t first = complaints.find("prog '" + name + "': ");
  std::string_view text = complaints.substr(first + name.size() + 9);
  return {name, std::string(text.substr(0, text.find('\n')))};
}

bool has_rights() {
  // Bits of CapEff in /proc/self/status, from linux/capability.h.
  constexpr uint64_t kSysAdmin = 1ull << 21, kPerfmon = 1ull << 38, kBpf = 1ull << 39;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, 8, "CapEff:\t") != 0) continue;
    uint64_t effective = std::strtoull(line.c_str() + 8, nullptr, 16);
    return (effective & kSysAdmin) || ((effective & kPerfmon) && (effective & kBpf));
  }
  return true;  // without /proc, the load itself shows whether the rights suffice
}

// Returns the inode of this process's PID namespace; 0 means the machine's first one.
uint32_t own_pid_namespace() {
  constexpr uint32_t kFirst = 4026531836;  // PROC_PID_INIT_INO, the same on every Linux
  constexpr std::string_view kPrefix = "pid:[";
  char target[64] = {};
  const ssize_t length = readlink("/proc/self/ns/pid", target, sizeof target - 1);
  if (length <= 0 || !std::string_view(target).starts_with(kPrefix)) return 0;
  const auto inode = static_cast<uint32_t>(std::strtoul(target + kPrefix.size(), nullptr, 10));
  return inode == kFirst ? 0 : inode;
}

Error denied(std::string_view what) {
  return {Error::Kind::Denied, "no right to record: " + std::string(what),
          "run it with sudo, or give the program the rights once: sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
          "cap_dac_read_search+ep $(command -v culprit)"};
}

void destroy_link(bpf_link* link) { bpf_link__destroy(link); }

std::string error_text(int error) { return std::strerror(error < 0 ? -error : error); }

}  // namespace

Result<std::unique_ptr<Programs>> Programs::load(const SourceOptions& options) {
  if (!has_rights()) return denied("CAP_BPF and CAP_PERFMON are missing");
  int n_cpus = libbpf_num_possible_cpus();
  if (n_cpus <= 0) return Error{Error::Kind::Unavailable, "cannot read the number of CPUs: " + error_text(n_cpus)};
  std::unique_ptr<Programs> programs(new Programs(options));
  programs->n_cpus_ = static_cast<uint32_t>(n_cpus);
  std::ifstream online_file("/sys/devices/system/cpu/online");
  std::string online;
  std::getline(online_file, online);
  programs->ring_sizes_ =
      ring_sizes(parse_cpu_list(online, programs->n_cpus_), options.ring_size_bytes, options.most_ring_bytes);
  programs->ring_size_bytes_ = *std::max_element(programs->ring_sizes_.begin(), programs->ring_sizes_.end());
  for (const Hook& hook : kHooks)
    if (!wanted(options, hook.part)) programs->off_[hook.program] = {.name = hook.program};
  libbpf_set_print(keep_complaint);
  // A single program that the kernel refuses makes the load of the whole object fail: the load is tried again without
  // that program.
  for (size_t i = 0; i <= std::size(kHooks); ++i) {
    last_complaints.clear();
    auto loaded = programs->try_load();
    if (loaded.has_value()) return programs;
    auto [name, complaint] = culprit_of(last_complaints);
    if (name.empty() || programs->off_.contains(name)) return std::move(loaded).error();
    bool missing = complaint.find("failed to find kernel BTF") != std::string::npos;
    programs->off_[name] = {.name = name,
                            .state = missing ? ProbeState::State::Missing : ProbeState::State::Failed,
                            .reason = missing ? "this kernel has no such tracepoint" : complaint};
  }
  return Error{Error::Kind::Unavailable, "the kernel refuses every BPF program"};
}

Result<void> Programs::try_load() {
  if (skeleton_ != nullptr) recorder_bpf__destroy(skeleton_);
  skeleton_ = recorder_bpf__open();
  if (skeleton_ == nullptr)
    return Error{Error::Kind::Unavailable, "cannot open the BPF programs: " + error_text(errno)};
  TRY(configure());
  int error = recorder_bpf__load(skeleton_);
  if (error == -EPERM && last_complaints.find("prog '") == std::string::npos)
    return denied("the kernel refuses BPF programs");
  if (error != 0)
    return Error{Error::Kind::Unavailable, "cannot load the BPF programs: " + error_text(error),
                 "culprit needs Linux 6.3 or newer with BTF (/sys/kernel/btf/vmlinux)"};
  TRY(find_pid_level());
  return fill_rings();
}

// How deep this process's PID namespace lies is known to the kernel only.
Result<void> Programs::find_pid_level() {
  if (skeleton_->rodata->pid_namespace == 0) return {};
  LIBBPF_OPTS(bpf_test_run_opts, options);
  const int error = bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.find_pid_level), &options);
  if (error == 0) return {};
  return Error{
      Error::Kind::Unavailable,
      "this container has its own PID namespace, and the kernel does not tell its depth: " + error_text(error),
      "run it on the host, or in a container with the host's process numbers (docker run --pid=host --privileged)"};
}

Result<void> Programs::configure() {
  std::ifstream pid_max_file("/proc/sys/kernel/pid_max");
  uint32_t pid_max = 0;
  pid_max_file >> pid_max;
  // One slot for each possible thread number, up to 8 MiB. With more thread numbers than slots, each number has four
  // possible slots (bpf/slots.h).
  uint32_t slots = std::bit_ceil(std::clamp(pid_max, 1024u, std::clamp(options_.most_thread_slots, 1024u, 65536u)));
  skeleton_->rodata->pid_namespace = own_pid_namespace();
  skeleton_->rodata->own_tgid = static_cast<uint32_t>(getpid());
  skeleton_->rodata->scope_all = options_.scope.all;
  skeleton_->rodata->slot_mask = slots - 1;
  skeleton_->rodata->undecided = kernel_policy(options_.undecided);
  skeleton_->rodata->ring_bytes = ring_size_bytes_;
  bpf_map__set_max_entries(skeleton_->maps.slots, slots);
  bpf_map__set_max_entries(skeleton_->maps.rings, n_cpus_);
  bpf_map__set_max_entries(skeleton_->maps.messages, 2 * n_cpus_);
  if (options_.scope.all) bpf_map__set_max_entries(skeleton_->maps.scope, 1);
  bpf_program* program;
  bpf_object__for_each_program(program, skeleton_->obj) {
    std::string name = bpf_program__name(program);
    bpf_program__set_autoload(program, !off_.contains(name));
  }
  return {};
}

Result<void> Programs::fill_rings() {
  for (uint32_t cpu = 0; cpu < n_cpus_; ++cpu) {
    int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "events", 0, 0, ring_sizes_[cpu], nullptr);
    if (fd < 0)
      return Error{Error::Kind::Unavailable, "no memory for a ring: " + error_text(fd), "a smaller --ring-size"};
    rings_.push_back({fd, ring_sizes_[cpu]});
    int error = bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rings), &cpu, &fd, BPF_ANY);
    if (error != 0) return Error{Error::Kind::Unavailable, "cannot place a ring: " + error_text(error)};
  }
  return {};
}

Programs::~Programs() {
  detach();
  for (const Ring& ring : rings_) close(ring.fd);
  if (stats_fd_ >= 0) close(stats_fd_);
  if (live_sockets_ != nullptr) munmap(live_sockets_, sizeof *live_sockets_);
  if (skeleton_ != nullptr) recorder_bpf__destroy(skeleton_);
}

Result<void> Programs::attach() {
  if (options_.measure_programs) stats_fd_ = bpf_enable_stats(BPF_STATS_RUN_TIME);
  for (const Hook& hook : kHooks) {
    // These programs are attached elsewhere: reports when a server is found, the others when they are run.
    if (hook.part == Part::Reports || hook.program == kSeedThreads || hook.program == kMarkLiveSockets) continue;
    auto known = off_.find(hook.program);
    if (known == off_.end()) {
      bpf_program* program = bpf_object__find_program_by_name(skeleton_->obj, hook.program);
      last_complaints.clear();
      bpf_link* link = bpf_program__attach(program);
      if (link != nullptr) {
        links_.emplace(hook.program, Link(link, destroy_link));
        attached_.insert(hook.program);
        continue;
      }
      known = off_.emplace(hook.program, ProbeState{.name = hook.program,
                                                    .state = ProbeState::State::Failed,
                                                    .reason = "cannot be attached: " + error_text(errno)})
                  .first;
    }
    if (hook.needed && known->second.state != ProbeState::State::Off)
      return Error{Error::Kind::Unavailable, "cannot record: " + known->second.name + ": " + known->second.reason};
  }
  return {};
}

void Programs::detach() { links_.clear(); }

Result<void> Programs::add_to_scope(const std::vector<int32_t>& pids) {
  uint8_t yes = 1;
  for (int32_t pid : pids) {
    auto key = static_cast<uint32_t>(pid);
    int error = bpf_map_update_elem(bpf_map__fd(skeleton_->maps.scope), &key, &yes, BPF_ANY);
    if (error != 0) return Error{Error::Kind::Full, "too many processes to record: " + error_text(error)};
  }
  __atomic_fetch_add(&skeleton_->data->scope_epoch, 1, __ATOMIC_RELEASE);
  return {};
}

void Programs::seed_threads() {
  if (off_.contains(std::string(kSeedThreads))) return;
  Link link(bpf_program__attach_iter(skeleton_->progs.seed_threads, nullptr), destroy_link);
  int fd = link ? bpf_iter_create(bpf_link__fd(link.get())) : -1;
  if (fd < 0) {
    off_[std::string(kSeedThreads)] = {.name = std::string(kSeedThreads),
                                       .state = ProbeState::State::Failed,
                                       .reason = "cannot list the running threads: " + error_text(errno)};
    return;
  }
  attached_.insert(std::string(kSeedThreads));
  char nothing[64];
  while (read(fd, nothing, sizeof nothing) > 0) continue;  // reading runs the program
  close(fd);
}

void Programs::attach_live_sockets() {
  const std::string name(kMarkLiveSockets);
  if (off_.contains(name)) return;
  bpf_iter_link_info info{};
  info.map.map_fd = static_cast<uint32_t>(bpf_map__fd(skeleton_->maps.sockets));
  LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof info);
  bpf_link* link = bpf_program__attach_iter(skeleton_->progs.mark_live_sockets, &options);
  void* mapped = link == nullptr ? MAP_FAILED
                                 : mmap(nullptr, sizeof(live_sockets), PROT_READ | PROT_WRITE, MAP_SHARED,
                                        bpf_map__fd(skeleton_->maps.live_sockets), 0);
  if (mapped == MAP_FAILED) {
    off_[name] = {.name = name,
                  .state = ProbeState::State::Failed,
                  .reason = "cannot list the open sockets: " + error_text(errno)};
    bpf_link__destroy(link);
    return;
  }
  live_sockets_ = static_cast<live_sockets*>(mapped);
  links_.emplace(name, Link(link, destroy_link));
  attached_.insert(name);
}

std::optional<LiveSockets> Programs::mark_live_sockets(uint64_t multiplier) {
  auto link = links_.find(std::string(kMarkLiveSockets));
  if (link == links_.end()) return std::nullopt;
  std::memset(live_sockets_, 0, sizeof *live_sockets_);
  __atomic_store_n(&skeleton_->data->live_multiplier, multiplier, __ATOMIC_RELEASE);
  int fd = bpf_iter_create(bpf_link__fd(link->second.get()));
  if (fd < 0) return std::nullopt;
  char nothing[64];
  // -EAGAIN: with more than a million sockets, the kernel does not visit all of them in one read.
  bool whole = read(fd, nothing, sizeof nothing) == 0;
  close(fd);
  if (!whole) return std::nullopt;
  return LiveSockets(*live_sockets_, multiplier);
}

Result<Programs::Link> Programs::link_report(const std::string& path, uint64_t offset, uint32_t probe) {
  bpf_link* link = nullptr;
  int error = ENOENT;
  if (!off_.contains("report_multi")) {
    const __u64 cookie = probe;
    LIBBPF_OPTS(bpf_uprobe_multi_opts, options, .offsets = &offset, .cookies = &cookie, .cnt = 1);
    link = bpf_program__attach_uprobe_multi(skeleton_->progs.report_multi, -1, path.c_str(), nullptr, &options);
    error = errno;
  }
  if (link == nullptr && !off_.contains("report_single")) {
    LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = probe);
    link = bpf_program__attach_uprobe_opts(skeleton_->progs.report_single, -1, path.c_str(), offset, &options);
    error = errno;
  }
  if (link == nullptr) return Error{Error::Kind::Unavailable, "cannot probe '" + path + "': " + error_text(error)};
  return Link(link, destroy_link);
}

Result<void> Programs::attach_report(const std::string& name, const std::string& path, uint64_t offset,
                                     uint32_t probe) {
  links_.insert_or_assign(name, TRY(link_report(path, offset, probe)));
  return {};
}

capture_policy Programs::kernel_policy(CapturePolicy policy) const {
  static_assert(CapturePolicy::kMaxHeadBytes == HEAD_LIMIT && CapturePolicy::kMaxTailBytes == TAIL_LIMIT);
  // A message longer than the ring could never be stored in it.
  const uint32_t most = std::min<uint32_t>(HEAD_LIMIT, ring_size_bytes_ / 4);
  return {.head_bytes = std::min(policy.head_bytes, most),
          .tail_bytes = static_cast<uint16_t>(std::min<uint32_t>(policy.tail_bytes, TAIL_LIMIT)),
          .to_blank_line = policy.to_blank_line && most == HEAD_LIMIT};
}

void Programs::set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received) {
  const socket_policies policies{kernel_policy(sent), kernel_policy(received)};
  // A full table evicts the oldest policies. Their sockets have most likely copied them already.
  bpf_map_update_elem(bpf_map__fd(skeleton_->maps.policies), &socket, &policies, BPF_ANY);
  __atomic_fetch_add(&skeleton_->data->capture_epoch, 1, __ATOMIC_RELEASE);
}

int Programs::control_fd() const { return bpf_map__fd(skeleton_->maps.control); }
uint32_t Programs::control_size_bytes() const { return bpf_map__max_entries(skeleton_->maps.control); }

cpu_counts Programs::total_counts() const {
  cpu_counts total{};
  std::vector<cpu_counts> each(n_cpus_);
  uint32_t zero = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.counters), &zero, each.data()) != 0) return total;
  for (const cpu_counts& one : each) {
    for (size_t type = 0; type < EVENT_TYPES; ++type) total.lost[type] += one.lost[type];
    total.read_faults += one.read_faults;
    total.slot_collisions += one.slot_collisions;
    total.map_full += one.map_full;
    total.payload_unseen += one.payload_unseen;
    for (size_t probe = 0; probe < PROBES; ++probe) {
      total.probe_hits[probe] += one.probe_hits[probe];
      total.probe_texts[probe] += one.probe_texts[probe];
    }
    total.ring_peak_bytes = std::max(total.ring_peak_bytes, one.ring_peak_bytes);
  }
  return total;
}

std::vector<ProbeState> Programs::probes() const {
  std::vector<ProbeState> states;
  for (const Hook& hook : kHooks) {
    if (hook.part == Part::Reports) continue;  // reported for each server
    auto known = off_.find(hook.program);
    ProbeState state = known != off_.end() ? known->second : ProbeState{.name = hook.program};
    if (known == off_.end() && attached_.contains(hook.program)) state.state = ProbeState::State::Attached;
    bpf_program* program = bpf_object__find_program_by_name(skeleton_->obj, hook.program);
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    if (known == off_.end() && bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0) {
      state.runs = info.run_cnt;
      state.run_ns = info.run_time_ns;
      state.recursion_misses = info.recursion_misses;
    }
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<thread_slot> Programs::slots() const {
  uint32_t n = bpf_map__max_entries(skeleton_->maps.slots);
  size_t size_bytes = n * sizeof(thread_slot);
  std::vector<thread_slot> recorded;
  void* mapped = mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, bpf_map__fd(skeleton_->maps.slots), 0);
  if (mapped == MAP_FAILED) return recorded;
  const auto* all = static_cast<const thread_slot*>(mapped);
  std::copy_if(all, all + n, std::back_inserter(recorded),
               [](const thread_slot& slot) { return slot.tid && slot.traced; });
  munmap(mapped, size_bytes);
  return recorded;
}

}  // namespace culprit::capture
