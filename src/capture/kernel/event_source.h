// EventSource: the source of the recorder's events. It is the seam between the kernel (bpf_source.h) and the recorder;
// FakeSource is its fake for tests.
//
// Events are those of wire/event.h, in order of time over all CPUs. An event is valid only during the call of the
// handler. One thread owns a source. A source never blocks the recorded programs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/wire/event.h"
#include "capture/wire/event_list.h"
#include "protocol/interface/capture_policy.h"
#include "requests/input/table_size.h"

namespace culprit::capture {

// The processes to record. Descendants of a process are recorded with it. Pids are those of the recorder's own PID
// namespace.
struct Scope {
  bool all = false;
  // Used unless `all`. For a command to be started later: the pid of the child that waits to exec.
  std::vector<int32_t> pids = {};
};

struct SourceOptions {
  Scope scope = {};
  uint32_t ring_size_bytes = 8u << 20;    // for each CPU that is online; rounded up to a power of two, at least 64 KiB
  uint64_t most_ring_bytes = 512u << 20;  // limit for all CPUs together: with many CPUs, each ring is smaller
  // The policy of sockets for which set_capture() was not called yet.
  CapturePolicy undecided = {.head_bytes = 1024, .tail_bytes = 64};
  bool scheduling = true;  // EVENT_SWITCH
  bool sockets = true;     // EVENT_DATA, EVENT_SOCKET, EVENT_SOCKET_END, EVENT_RETRANSMIT
  bool disk = true;        // EVENT_BLOCK, EVENT_SYNC
  // timer and device interrupts mark their wake-ups: two cheap hooks for each interrupt
  bool interrupts = true;
  bool reports = true;  // EVENT_PG_ACTIVITY, of PostgreSQL servers within the scope
  bool probes = true;   // texts come from a probe on the server; otherwise from its memory, for long statements only
  // the largest share of one CPU that the probe on a server may take: see ProbeBudget
  double probe_budget = 0.05;
  uint32_t most_thread_slots = 65536;  // the most thread states (128 bytes each) kept at the same time
  bool measure_programs = false;       // measures the time of each BPF program: adds about 40 ns to every run
};

struct ProbeState {
  enum class State : uint8_t { Attached, Missing, Failed, OverBudget, Off };
  std::string name;  // sched_switch, … or "pgstat_report_activity in /usr/lib/postgresql/15/bin/postgres"
  State state = State::Off;
  std::string reason = {};        // the reason why it is not attached; if attached: the reason why it gives nothing
  uint64_t runs = 0, run_ns = 0;  // 0 unless measure_programs is set
  // runs that the kernel skipped because a program was already running on the CPU: exact
  uint64_t recursion_misses = 0;
  uint64_t cost_ns = 0;  // uprobes: cost of a hit, measured when attached
};

struct SourceCounts {
  // by event_type; kept: passed on; lost: the ring was full; exact counts
  std::array<uint64_t, kEventTypes> kept{}, lost{};
  uint64_t late = 0;         // events passed on after a younger event
  uint64_t bytes = 0;        // size of the events in the rings
  uint64_t read_faults = 0;  // payloads that could not be read from the program's memory
  // states of threads that were replaced by another thread's: one wait of each is missing
  uint64_t slot_collisions = 0;
  uint64_t map_full = 0;  // events lost because the kernel had no room for a socket or a block request
  // messages whose bytes were not visible (sendfile, splice, sendmmsg, io_uring): length only
  uint64_t payload_unseen = 0;
  uint64_t ring_peak_bytes = 0;  // the highest fill level seen of any CPU's ring
  uint64_t ring_size_bytes = 0;
  uint64_t user_ns = 0;  // CPU time of poll(), the handler included
  std::vector<ProbeState> probes;
};

// A thread that has no CPU when the recording stops: no EVENT_SWITCH follows. For a thread that already slept when the
// recording began, off_ns is the start of the recording, here and in EVENT_SWITCH.
struct OpenWait {
  int32_t pid = 0, tid = 0;
  uint64_t off_ns = 0, wake_ns = 0;
  uint32_t state = 0;
  int16_t syscall = -1;
  uint64_t argument = 0, socket = 0;
};

class EventSource {
 public:
  using Handler = std::function<void(const event_header&)>;
  virtual ~EventSource() = default;

  // Attaches the probes: events are recorded from now on.
  virtual Result<void> start() = 0;
  // Passes on the events that are ready, after waiting at most `timeout_ms` for them; returns their number.
  virtual Result<uint64_t> poll(int timeout_ms, const Handler& handle) = 0;
  // Detaches the probes, then passes on all remaining events.
  virtual Result<void> stop(const Handler& handle) = 0;
  // The time (monotonic) since which no event is missing; valid after start(). 0: unknown.
  virtual int64_t begin_ns() const { return 0; }
  // The time (monotonic) up to which all events have been passed on. After a burst it lies behind the clock. 0: unknown.
  virtual int64_t reached_ns() const { return 0; }
  virtual SourceCounts counts() const = 0;
  // Returns the current sizes of the source's own tables.
  virtual std::vector<TableSize> table_sizes() const { return {}; }
  // Valid after stop().
  virtual std::vector<OpenWait> open_waits() const { return {}; }

  // Sets the bytes to copy of each message that this end sends and receives from now on. A head is cut to a quarter of
  // the ring.
  virtual void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received) = 0;
};

// Returns the payload behind an event's body; the event's size limits it.
template <class Event>
const char* payload_of(const Event& event) {
  return reinterpret_cast<const char*>(&event) + sizeof(Event);
}

}  // namespace culprit::capture
