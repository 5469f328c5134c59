// capture_dump_bench: records for some seconds and prints events per second, losses and probes. A tool for examining
// the recorder.
//
//   capture_dump_bench [-p PID]... [-s SECONDS] [-r RING_BYTES] [-v] [-m] [-n] [-b SHARE]
//
// -v: every event, -m: nanoseconds of each program, -n: no probes on servers, -b: their budget, as a share of one CPU.
// SIGINT ends it.
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "capture/kernel/bpf_source.h"

using namespace culprit;
using namespace culprit::capture;

namespace {

volatile std::sig_atomic_t interrupted = 0;

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000ull + static_cast<uint64_t>(now.tv_nsec);
}

void print_bytes(const char* bytes, size_t n) {
  for (size_t i = 0; i < n && i < 100; ++i) std::putchar(bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '.');
}

void print_data(const event_data& e) {
  std::printf(" socket %llu %s %u bytes, seq %u, head %u tail %u flags %x: ", e.socket,
              e.flags & DATA_SENT ? "sent" : "received", e.length_bytes, e.tcp_sequence, e.head_bytes, e.tail_bytes,
              e.flags);
  print_bytes(payload_of(e), e.head_bytes);
}

void print_event(const event_header& header) {
  std::printf("%llu cpu %u %u/%u %s", header.time_ns, header.cpu, header.pid, header.tid,
              event_name(header.type).empty() ? "?" : event_name(header.type).data());
  if (header.type == EVENT_DATA) print_data(reinterpret_cast<const event_data&>(header));
  if (header.type == EVENT_SOCKET) {
    const auto& e = reinterpret_cast<const event_socket&>(header);
    std::printf(" %llu peer %llu family %u type %u ports %u %u path %.64s", e.socket, e.peer_socket, e.family,
                e.socket_type, e.local_port, e.peer_port, e.path[0] ? e.path : "-");
  }
  if (header.type == EVENT_SWITCH) {
    const auto& e = reinterpret_cast<const event_switch&>(header);
    std::printf(" off %llu us wake %lld us state %u syscall %d arg %llx waker %u/%u class %u socket %llu",
                (header.time_ns - e.off_ns) / 1000,
                e.wake_ns ? static_cast<long long>(header.time_ns - e.wake_ns) / 1000 : -1, e.state, e.syscall,
                e.argument, e.waker_pid, e.waker_tid, e.waker, e.socket);
  }
  if (header.type == EVENT_PG_ACTIVITY) {
    const auto& e = reinterpret_cast<const event_pg_activity&>(header);
    std::printf(" state %u: ", e.state);
    print_bytes(payload_of(e), e.text_bytes);
  }
  if (header.type == EVENT_FORK) std::printf(" child %u", reinterpret_cast<const event_fork&>(header).child_pid);
  if (header.type == EVENT_EXEC) std::printf(" %.128s", reinterpret_cast<const event_exec&>(header).path);
  std::putchar('\n');
}

const char* word(ProbeState::State state) {
  constexpr const char* kWords[] = {"attached", "missing", "failed", "over budget", "off"};
  return kWords[static_cast<int>(state)];
}

void print_counts(const SourceCounts& counts, double seconds) {
  for (size_t type = 1; type < kEventTypes; ++type)
    if (counts.kept[type] || counts.lost[type])
      std::printf("%-11s kept %9lu  lost %9lu  %10.0f/s\n", event_name(type).data(), counts.kept[type],
                  counts.lost[type], static_cast<double>(counts.kept[type]) / seconds);
  std::printf("bytes %lu, late %lu, read faults %lu, collisions %lu, map full %lu, payload unseen %lu\n", counts.bytes,
              counts.late, counts.read_faults, counts.slot_collisions, counts.map_full, counts.payload_unseen);
  std::printf("ring peak %lu of %lu bytes, reader's CPU %.1f ms\n", counts.ring_peak_bytes, counts.ring_size_bytes,
              static_cast<double>(counts.user_ns) / 1e6);
  for (const ProbeState& probe : counts.probes) {
    std::printf("  %-22s %-8s %s", probe.name.c_str(), word(probe.state), probe.reason.c_str());
    if (probe.runs) std::printf(" %lu runs, %lu ns each", probe.runs, probe.run_ns / probe.runs);
    if (probe.recursion_misses) std::printf(" %lu misses", probe.recursion_misses);
    if (probe.cost_ns) std::printf(" %lu ns a hit", probe.cost_ns);
    std::putchar('\n');
  }
}

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n  %s\n", error.message.c_str(), error.fix.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  SourceOptions options;
  double seconds = 5;
  bool verbose = false;
  for (int option; (option = getopt(argc, argv, "p:s:r:b:vmnT")) != -1;) {
    if (option == 'p') options.scope.pids.push_back(std::atoi(optarg));
    if (option == 's') seconds = std::atof(optarg);
    if (option == 'r') options.ring_size_bytes = static_cast<uint32_t>(std::atol(optarg));
    if (option == 'v') verbose = true;
    if (option == 'b') options.probe_budget = std::atof(optarg);
    if (option == 'm') options.measure_programs = true;
    if (option == 'n') options.reports = false;
    if (option == 'T') options.scheduling = false;
  }
  options.scope.all = options.scope.pids.empty();
  uint64_t begin = now_ns();
  auto source = open_bpf_source(options);
  if (!source.has_value()) return fail(source.error());
  uint64_t loaded = now_ns();
  auto started = source.value()->start();
  if (!started.has_value()) return fail(started.error());
  uint64_t attached = now_ns();
  std::printf("load %.1f ms, attach %.1f ms\n", static_cast<double>(loaded - begin) / 1e6,
              static_cast<double>(attached - loaded) / 1e6);
  std::fflush(stdout);
  auto handle = [&](const event_header& header) {
    if (verbose) print_event(header);
  };
  std::signal(SIGINT, [](int) { interrupted = 1; });
  while (interrupted == 0 && static_cast<double>(now_ns() - attached) < seconds * 1e9) {
    auto n = source.value()->poll(100, handle);
    if (!n.has_value()) return fail(n.error());
  }
  double took = static_cast<double>(now_ns() - attached) / 1e9;
  auto stopped = source.value()->stop(handle);
  if (!stopped.has_value()) return fail(stopped.error());
  print_counts(source.value()->counts(), took);
  return 0;
}
