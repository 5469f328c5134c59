// Dispatcher: passes the kernel's events to the request tracker and the process table, and their rows to the sink.
//
//   events ──▶ RequestTracker (requests) ──┐
//         └──▶ Processes ──────────────────┴──▶ BatchBuilder ──▶ Sink
//
// Owned by one thread, which passes events in order of time and calls tick() between them. Waits only for the sink. Its
// memory is bounded; what it drops is counted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/host/host_view.h"
#include "capture/kernel/event_source.h"
#include "model/sink.h"
#include "protocol/registry/registry.h"

namespace culprit::capture {

struct DispatcherOptions {
  HostInfo host;        // name, ids, scope, tiers; started_ns in wall time
  int64_t mono_ns = 0;  // monotonic time of `host.started_ns`
  int32_t own_pid = 0;  // pid of the recorder: its own connections are not recorded
  std::span<const Protocol> protocols = known_protocols();
};

// The bytes to copy of a socket's messages from now on.
struct CaptureWish {
  uint64_t socket = 0;
  CapturePolicy sent, received;
};

class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, HostView& view, Sink& sink);
  ~Dispatcher();

  void handle(const event_header& event);
  // The caller passes these to the event source after handle().
  std::vector<CaptureWish> take_capture_wishes();
  // Returns whether push_rows() is due because of the number of rows, also between two ticks.
  bool full() const;
  Result<void> push_rows();
  // Completes request trees and pushes rows once a second. `wall_ns` and `mono_ns` are the same moment.
  Result<void> tick(int64_t mono_ns, int64_t wall_ns);
  // Ends the recording and pushes all remaining rows. `host` gets its end, and its counts from `counts`.
  Result<void> finish(int64_t mono_ns, const SourceCounts& counts, const std::vector<OpenWait>& open_waits,
                      int64_t recorder_cpu_ns);
  // Adds a row from another source (--ask) to the next batch.
  void add_log(LogRecord log);
  // Adds a ledger row for the whole recording.
  void count(LedgerKind kind, int64_t n, std::string_view stage, std::string_view detail,
             Evidence evidence = Evidence::Exact);

  void set_tiers(std::string tiers);

  uint64_t events() const;
  uint64_t spans() const;
  std::vector<TableSize> table_sizes() const;
  const HostInfo& host() const;

 private:
  struct Parts;
  void on_process(const event_header& header);
  void on_gap(const event_gap& event);
  Result<void> push(int64_t mono_ns, bool all);
  void count_source(const SourceCounts& counts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace culprit::capture
