// Dispatcher: hands the kernel's events to those that they are about, and their rows to the sink.
//
//   events ──▶ RequestTracker (requests) ──┐
//         └──▶ Processes ──────────────────┴──▶ BatchBuilder ──▶ Sink
//
// Owned by one thread, which hands it events in order of time and calls tick() between them. Never waits for anything but
// the sink; its memory is bounded, and what it sheds it counts.
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
  int64_t mono_ns = 0;  // when `host.started_ns` was
  int32_t own_pid = 0;  // the recorder's: its own connections are left out
  std::span<const Protocol> protocols = known_protocols();
};

// What is to be copied of a socket's messages from now on.
struct CaptureWish {
  uint64_t socket = 0;
  CapturePolicy sent, received;
};

class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, HostView& view, Sink& sink);
  ~Dispatcher();

  void handle(const event_header& event);
  // To be passed on to the event source after handle().
  std::vector<CaptureWish> take_capture_wishes();
  // Whether there are so many rows that push_rows() is due, also between two ticks.
  bool full() const;
  Result<void> push_rows();
  // Settles trees, pushes what there is once a second; `wall_ns` is read together with `mono_ns`.
  Result<void> tick(int64_t mono_ns, int64_t wall_ns);
  // The recording is over: everything leaves. `host` gets its end and its counts from `counts`.
  Result<void> finish(int64_t mono_ns, const SourceCounts& counts, const std::vector<OpenWait>& open_waits,
                      int64_t recorder_cpu_ns);
  // A row of another source (--ask), taken along with the next batch.
  void add_log(LogRecord log);
  // To the ledger, for the whole recording.
  void count(LedgerKind kind, int64_t n, std::string_view stage, std::string_view detail,
             Evidence evidence = Evidence::Exact);

  void set_tiers(std::string tiers);

  uint64_t events() const;
  uint64_t spans() const;
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
