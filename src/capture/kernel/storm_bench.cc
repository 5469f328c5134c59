// capture_storm_bench: the cost of recording for the recorded programs, and the events lost, at full speed. Measures
// the CPU time of the producers with and without the recorder, alternating; prints medians of rounds.
//
//   capture_storm_bench [-n MESSAGES] [-r ROUNDS] [-k KB_OF_EACH_RING] [-p PAYLOAD_BYTES] [-s]
//
// -s: the time of each BPF program as the kernel measures it, which adds about 40 ns to each run.
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "capture/kernel/bpf_source.h"

using namespace culprit;
using namespace culprit::capture;

namespace {

void must(bool truth, const char* what) {
  if (truth) return;
  std::perror(what);
  _exit(1);
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// A child process that sends messages to itself and reports the CPU time per message.
struct Producer {
  pid_t pid;
  int go, result;
};

// The same thread sends on one end and receives on the other: two events, no switch.
void send_to_oneself(int n) {
  int ends[2];
  char bytes[64] = "SELECT 1";
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
  for (int i = 0; i < n; ++i)
    must(write(ends[0], bytes, sizeof bytes) == sizeof bytes && read(ends[1], bytes, sizeof bytes) == sizeof bytes,
         "message");
  close(ends[0]), close(ends[1]);
}

// Two processes on one CPU wake each other: each byte is a wake-up and a switch.
void ping_pong(int n) {
  int there[2], back[2];
  char byte = 'x';
  must(pipe(there) == 0 && pipe(back) == 0, "pipe");
  pid_t other = fork();
  for (int i = 0; i < n; ++i) {
    if (other == 0)
      must(read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1, "pong");
    else
      must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "ping");
  }
  if (other == 0) _exit(0);
  waitpid(other, nullptr, 0);
}

Producer start_producer(int cpu, int n, void (*work)(int)) {
  int go[2], result[2];
  must(pipe(go) == 0 && pipe(result) == 0, "pipe");
  pid_t pid = fork();
  if (pid != 0) return {pid, go[1], result[0]};
  pin(cpu);
  char byte;
  must(read(go[0], &byte, 1) == 1, "go");
  int64_t begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  work(n);
  uint64_t each = static_cast<uint64_t>(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / static_cast<uint64_t>(n);
  must(write(result[1], &each, sizeof each) == sizeof each, "result");
  _exit(0);
}

struct Outcome {
  std::vector<uint64_t> cpu_ns;  // of each producer, per message
  SourceCounts counts;
  double seconds = 0;
};

SourceOptions common_options;

Outcome run(int producers, int n, void (*work)(int), bool recorded) {
  Outcome outcome;
  std::vector<Producer> all;
  SourceOptions options = common_options;
  options.reports = false;
  for (int i = 0; i < producers; ++i) {
    all.push_back(start_producer(i, n, work));
    options.scope.pids.push_back(all.back().pid);
  }
  std::unique_ptr<EventSource> source;
  if (recorded) {
    auto opened = open_bpf_source(options);
    if (!opened.has_value()) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    must(opened.has_value(), "open");
    source = std::move(opened).value();
    must(source->start().has_value(), "start");
  }
  int64_t begin = clock_ns(CLOCK_MONOTONIC);
  for (const Producer& producer : all) must(write(producer.go, "g", 1) == 1, "go");
  size_t running = all.size();
  while (running > 0) {
    if (source)
      must(source->poll(5, [](const event_header&) {}).has_value(), "poll");
    else
      usleep(1000);
    while (waitpid(-1, nullptr, WNOHANG) > 0) --running;
  }
  outcome.seconds = static_cast<double>(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9;
  for (const Producer& producer : all) {
    uint64_t each = 0;
    must(read(producer.result, &each, sizeof each) == sizeof each, "result");
    outcome.cpu_ns.push_back(each);
    close(producer.go), close(producer.result);
  }
  if (!source) return outcome;
  must(source->stop([](const event_header&) {}).has_value(), "stop");
  outcome.counts = source->counts();
  return outcome;
}

uint64_t median(std::vector<uint64_t> all) {
  std::nth_element(all.begin(), all.begin() + static_cast<long>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

void compare(const char* name, int producers, int n, int rounds, void (*work)(int), double events_each) {
  std::vector<uint64_t> off, on;
  Outcome last;
  uint64_t kept = 0, lost = 0, bytes = 0, user_ns = 0;
  double seconds = 0;
  for (int round = 0; round < rounds; ++round) {
    Outcome without = run(producers, n, work, false);
    last = run(producers, n, work, true);
    off.insert(off.end(), without.cpu_ns.begin(), without.cpu_ns.end());
    on.insert(on.end(), last.cpu_ns.begin(), last.cpu_ns.end());
    for (size_t type = 0; type < kEventTypes; ++type) kept += last.counts.kept[type], lost += last.counts.lost[type];
    bytes += last.counts.bytes, user_ns += last.counts.user_ns, seconds += last.seconds;
  }
  double added = static_cast<double>(median(on)) - static_cast<double>(median(off));
  std::printf(
      "%-34s %5lu -> %5lu ns each, +%.0f ns an event; %.0f events/s, lost %lu, peak %lu of %lu KB, %.0f B and %.0f ns "
      "reader an event\n",
      name, median(off), median(on), added / events_each, static_cast<double>(kept) / seconds, lost,
      last.counts.ring_peak_bytes >> 10, last.counts.ring_size_bytes >> 10,
      static_cast<double>(bytes) / static_cast<double>(kept), static_cast<double>(user_ns) / static_cast<double>(kept));
  for (const ProbeState& probe : last.counts.probes)
    if (common_options.measure_programs && probe.runs > 0)
      std::printf("    %-22s %8lu runs %5lu ns each\n", probe.name.c_str(), probe.runs, probe.run_ns / probe.runs);
}

}  // namespace

int main(int argc, char** argv) {
  int n = 500'000, rounds = 5;
  for (int option; (option = getopt(argc, argv, "n:r:k:p:s")) != -1;) {
    if (option == 'n') n = std::atoi(optarg);
    if (option == 'r') rounds = std::atoi(optarg);
    if (option == 'k') common_options.ring_size_bytes = static_cast<uint32_t>(std::atoi(optarg)) << 10;
    if (option == 'p') common_options.undecided.head_bytes = static_cast<uint32_t>(std::atoi(optarg));
    if (option == 's') common_options.measure_programs = true;
  }
  compare("send + receive, one producer", 1, n, rounds, send_to_oneself, 2);
  compare("send + receive, two producers", 2, n, rounds, send_to_oneself, 2);
  // CPU time of one of the two processes: one switch a turn
  compare("ping-pong on one CPU", 1, n / 5, rounds, ping_pong, 1);
  return 0;
}
