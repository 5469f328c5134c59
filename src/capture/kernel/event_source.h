// EventSource: where the recorder's events come from. The seam between the kernel (bpf_source.h) and what makes
// requests of events; FakeSource is its fake for tests.
//
// Events are those of wire/event.h, handed out in order of time over all CPUs. An event is valid only during the call.
// One thread owns a source; nothing here blocks the recorded programs.
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

namespace culprit::capture {

// Whom to record. Descendants of a process are recorded with it. Pids are those of the recorder's own pid namespace,
// which must be the machine's first one.
struct Scope {
  bool all = false;
  std::vector<int32_t> pids =
      {};  // where not all; a command to be started later: the pid of the child that waits to exec
};

struct SourceOptions {
  Scope scope = {};
  uint32_t ring_size_bytes = 8u << 20;    // per CPU that is online; rounded up to a power of two, at least 64 KiB
  uint64_t most_ring_bytes = 512u << 20;  // of all CPUs together: on many, each has less
  // Of sockets about which set_capture() has said nothing yet.
  CapturePolicy undecided = {.head_bytes = 1024, .tail_bytes = 64};
  bool scheduling = true;              // EVENT_SWITCH
  bool sockets = true;                 // EVENT_DATA, EVENT_SOCKET, EVENT_SOCKET_END, EVENT_RETRANSMIT
  bool disk = true;                    // EVENT_BLOCK, EVENT_SYNC
  bool interrupts = true;              // timer and device interrupts mark their wake-ups: two cheap hooks an interrupt
  bool reports = true;                 // EVENT_REPORT, from PostgreSQL servers within the scope
  double probe_budget = 0.05;          // the share of one CPU that the probe on a server may take: see ProbeBudget
  uint32_t most_thread_slots = 65536;  // for the states of threads: at most so many, of 128 bytes, are kept at once
  bool measure_programs = false;       // ns of each BPF program: adds about 40 ns to every run
};

struct ProbeState {
  enum class State : uint8_t { Attached, Missing, Failed, OverBudget, Off };
  std::string name;  // sched_switch, … or "pgstat_report_activity in /usr/lib/postgresql/15/bin/postgres"
  State state = State::Off;
  std::string reason = {};        // why not attached; where attached: why it is of no use
  uint64_t runs = 0, run_ns = 0;  // 0 unless measure_programs
  uint64_t recursion_misses = 0;  // the kernel skipped it, because it ran on this CPU already: exact
  uint64_t cost_ns = 0;           // uprobes: measured when attached
};

struct SourceCounts {
  std::array<uint64_t, kEventTypes> kept{}, lost{};  // by event_type. kept: handed out; lost: the ring was full. Exact.
  uint64_t late = 0;                                 // handed out after an event that is younger
  uint64_t bytes = 0;                                // of events, as they lay in the rings
  uint64_t read_faults = 0;                          // payloads that could not be read from the program's memory
  uint64_t slot_collisions = 0;  // a thread's state was pushed out by another's: a wait of it is missing
  uint64_t map_full = 0;         // a socket or a block request for which the kernel had no room: its event is lost
  uint64_t payload_unseen =
      0;  // messages whose bytes went another way (sendfile, splice, sendmmsg, io_uring): length only
  uint64_t ring_peak_bytes = 0;  // the fullest that any CPU's ring was seen
  uint64_t ring_size_bytes = 0;
  uint64_t user_ns = 0;  // CPU time that poll() took, the callback included
  std::vector<ProbeState> probes;
};

// A thread that is off its CPU when recording stops: it will give no EVENT_SWITCH. One that slept already when recording
// began has that moment as its off_ns, here and in EVENT_SWITCH.
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

  // Attaches the probes: events happen from here on.
  virtual Result<void> start() = 0;
  // Hands out what is ready, after waiting at most `timeout_ms` for it; gives how many events that was.
  virtual Result<uint64_t> poll(int timeout_ms, const Handler& handle) = 0;
  // Detaches the probes, then hands out everything that is left.
  virtual Result<void> stop(const Handler& handle) = 0;
  // Since when (monotonic) nothing is missed; after start(). 0: not told.
  virtual int64_t begin_ns() const { return 0; }
  virtual SourceCounts counts() const = 0;
  // After stop().
  virtual std::vector<OpenWait> open_waits() const { return {}; }

  // What is copied of each message that this end sends and receives from now on. A head of more than a quarter of a
  // ring is cut to that.
  virtual void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received) = 0;
};

// The payload that follows an event's body, as far as the event's size says it goes.
template <class Event>
const char* payload_of(const Event& event) {
  return reinterpret_cast<const char*>(&event) + sizeof(Event);
}

}  // namespace culprit::capture
