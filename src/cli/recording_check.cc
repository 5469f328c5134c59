#include "cli/recording_check.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/text.h"
#include "capture/kernel/bpf_source.h"
#include "capture/kernel/hook_list.h"
#include "cli/own_program.h"

namespace culprit::cli {

namespace {

struct Part {
  std::string_view id;  // identifier in events.inc
  std::string_view name, gives;
};
constexpr Part kParts[] = {
    {"Sockets", "requests", "requests and answers on sockets, their connections, retransmits"},
    {"Scheduling", "waits", "running, ready without a CPU, blocked and by which process woken"},
    {"Interrupts", "interrupts", "wake-ups by timers and devices told from those by threads"},
    {"Life", "processes", "processes that begin, execute and end"},
    {"Disk", "disk", "block requests and file syncs"},
};

// Bit numbers as in linux/capability.h.
struct Right {
  int bit;
  std::string_view name, use;
  bool needed;
};
constexpr Right kRights[] = {
    {39, "CAP_BPF", "to load BPF programs", true},
    {38, "CAP_PERFMON", "to attach them, and to read the kernel's memory in them", true},
    {19, "CAP_SYS_PTRACE", "to see the programs and descriptors of other users' processes", false},
    {2, "CAP_DAC_READ_SEARCH", "to find the function of a PostgreSQL server that tells its statements", false},
};
constexpr int kSysAdmin = 21;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

uint64_t effective_capabilities() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) return std::strtoull(line.c_str() + 7, nullptr, 16);
  return 0;
}

std::vector<CheckedRight> held_rights() {
  const uint64_t effective = effective_capabilities();
  std::vector<CheckedRight> rights;
  for (const Right& right : kRights) {
    bool held = (effective >> right.bit & 1) != 0;
    // before Linux 5.8, CAP_SYS_ADMIN was both of these rights
    if (right.needed && (effective >> kSysAdmin & 1) != 0) held = true;
    rights.push_back({right.name, right.use, right.needed, held});
  }
  return rights;
}

// Returns the word in brackets: "[none] integrity confidentiality" gives "none".
std::string chosen_of(const std::string& line) {
  const size_t begin = line.find('['), end = line.find(']');
  return begin == std::string::npos || end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

bool is_first_namespace(const char* path, std::string_view first) {
  char target[64];
  const ssize_t length = readlink(path, target, sizeof target);
  return length <= 0 || std::string_view(target, static_cast<size_t>(length)) == first;
}

CheckedPart::State state_of(const std::vector<capture::ProbeState>& hooks, bool needed_one_fails) {
  using State = CheckedPart::State;
  auto attached = [](const capture::ProbeState& hook) { return hook.state == capture::ProbeState::State::Attached; };
  if (needed_one_fails || std::none_of(hooks.begin(), hooks.end(), attached)) return State::Missing;
  return std::all_of(hooks.begin(), hooks.end(), attached) ? State::Works : State::Partly;
}

std::vector<CheckedPart> parts_of(const std::vector<capture::ProbeState>& probes) {
  std::vector<CheckedPart> parts;
  for (const Part& part : kParts) {
    CheckedPart checked{.name = part.name, .gives = part.gives, .hooks = {}};
    bool needed_one_fails = false;
    for (const capture::HookInfo& hook : capture::hook_list()) {
      if (hook.part != part.id) continue;
      capture::ProbeState state{.name = std::string(hook.program)};
      for (const capture::ProbeState& probe : probes)
        if (probe.name == hook.program) state = probe;
      needed_one_fails |= hook.needed && state.state != capture::ProbeState::State::Attached;
      checked.hooks.push_back(std::move(state));
    }
    if (!probes.empty()) checked.state = state_of(checked.hooks, needed_one_fails);
    parts.push_back(std::move(checked));
  }
  return parts;
}

// Attaches all probes for a moment.
Result<std::vector<capture::ProbeState>> try_probes() {
  constexpr uint32_t kSmallestRing = 64u << 10;
  auto source = TRY(capture::open_bpf_source({.scope = {.pids = {getpid()}}, .ring_size_bytes = kSmallestRing}));
  TRY(source->start());
  std::vector<capture::ProbeState> probes = source->counts().probes;
  TRY(source->stop([](const event_header&) {}));
  return probes;
}

}  // namespace

RecordingCheck check_recording() {
  // PROC_PID_INIT_INO, PROC_USER_INIT_INO: the same on every Linux.
  constexpr std::string_view kFirstPids = "pid:[4026531836]", kFirstUsers = "user:[4026531837]";
  RecordingCheck check;
  utsname name = {};
  uname(&name);
  check.kernel = name.release;
  check.machine = name.machine;
  check.btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
  check.lockdown = chosen_of(first_line("/sys/kernel/security/lockdown"));
  check.own_pid_namespace = !is_first_namespace("/proc/self/ns/pid", kFirstPids);
  check.in_user_namespace = !is_first_namespace("/proc/self/ns/user", kFirstUsers);
  check.cpus = sysconf(_SC_NPROCESSORS_ONLN);
  check.uid = geteuid();
  check.rights = held_rights();
  auto probes = try_probes();
  if (!probes.has_value()) check.refused = probes.error();
  check.parts = parts_of(probes.has_value() ? probes.value() : std::vector<capture::ProbeState>());
  check.database_probes = probes.has_value() && std::all_of(check.rights.begin(), check.rights.end(),
                                                            [](const CheckedRight& right) { return right.held; });
  return check;
}

std::string granting_command(const RecordingCheck& check) {
  const bool all =
      std::all_of(check.rights.begin(), check.rights.end(), [](const CheckedRight& right) { return right.held; });
  if (check.refused && check.refused->kind != Error::Kind::Denied) return check.refused->fix;
  if (all && !check.refused) return {};
  // Root without capabilities is in a container: only the program that starts the container can grant them.
  if (check.in_user_namespace) return "run it outside: capabilities of a user namespace do not count for BPF";
  if (check.uid == 0)
    return "docker run --privileged --pid=host, or --cap-add BPF --cap-add PERFMON --cap-add SYS_PTRACE";
  return "sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep " + shell_quoted(own_program());
}

}  // namespace culprit::cli
