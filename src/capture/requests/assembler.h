// Assembler: makes spans, with their waits, of the recorder's events, and pushes them into a sink.
//
//   events ──▶ Threads (who waited for whom) ──┐
//         └──▶ Connections ──▶ Turns ──▶ Requests (trees) ──▶ Outbox ──▶ Sink
//
// Owned by one thread, which hands it events in order of time and calls tick() between them. Never waits for anything but
// the sink; its memory is bounded, and what it sheds it counts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/host/host_view.h"
#include "capture/kernel/event_source.h"
#include "capture/requests/connections.h"
#include "model/sink.h"

namespace culprit::capture {

struct AssemblerOptions {
  HostInfo host;        // name, ids, scope, tiers; started_ns in wall time
  int64_t mono_ns = 0;  // when `host.started_ns` was
  int32_t own_pid = 0;  // the recorder's: its own connections are left out
  Protocols protocols;
  SetCapture set_capture;
};

class Assembler {
 public:
  Assembler(AssemblerOptions options, HostView& view, Sink& sink);
  ~Assembler();

  void handle(const event_header& event);
  // Settles trees, pushes what there is once a second; `wall_ns` is read together with `mono_ns`.
  Result<void> tick(int64_t mono_ns, int64_t wall_ns);
  // The recording is over: everything leaves. `host` gets its end and its counts from `counts`.
  Result<void> finish(int64_t mono_ns, const SourceCounts& counts, const std::vector<OpenWait>& open_waits,
                      int64_t recorder_cpu_ns);
  // A row of someone else (--ask), taken along with the next batch.
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
  void on_gap(const event_gap& event);
  void on_exit(const event_exit& event);
  void on_switch(const event_switch& event);
  Result<void> push(bool all);
  void count_source(const SourceCounts& counts);
  void settle(int64_t mono_ns, bool all);
  void find_standing(const std::vector<OpenWait>& open_waits);
  void finish_standing(int64_t mono_ns);

  std::unique_ptr<Parts> parts_;
};

}  // namespace culprit::capture
