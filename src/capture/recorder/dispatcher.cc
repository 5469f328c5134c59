#include "capture/recorder/dispatcher.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "capture/host/process_table.h"
#include "capture/recorder/batch_builder.h"
#include "capture/recorder/event_input.h"
#include "capture/server/postgresql_process_title.h"
#include "model/database_inspector.h"
#include "requests/tree/request_tracker.h"

namespace culprit::capture {
namespace {

constexpr int64_t kSettleEvery = 50'000'000;
constexpr int64_t kPushEvery = 1'000'000'000;

template <class Event>
const Event* as(const event_header& header) {
  return header.size_bytes >= sizeof(Event) ? reinterpret_cast<const Event*>(&header) : nullptr;
}

// Passes facts from /proc and from process events to module requests.
class ProcFacts : public requests::HostFacts {
 public:
  ProcFacts(Processes& processes, HostView& view) : processes_(processes), view_(view) {}

  requests::ProcessInfo process(int32_t pid) override {
    const Processes::Entry& entry = processes_.at(pid);
    return {pid, entry.row.parent_pid, entry.known, entry.row.executable, entry.row.service};
  }
  std::vector<uint16_t> listening_ports() override { return view_.listening_ports(); }

 private:
  Processes& processes_;
  HostView& view_;
};

}  // namespace

struct Dispatcher::Parts {
  Parts(DispatcherOptions options, HostView& host_view, Sink& sink)
      : view(host_view),
        host(std::move(options.host)),
        start_ns(options.mono_ns),
        processes(host_view),
        facts(processes, host_view),
        tracker(tracker_options(options), facts),
        batches(sink, host.name) {}

  requests::TrackerOptions tracker_options(const DispatcherOptions& options) const {
    requests::TrackerOptions result;
    result.run = hash64(host.run_id, host.host_id);
    result.mono_ns = options.mono_ns;
    result.wall_ns = host.started_ns;
    result.endpoints.own_pid = options.own_pid;
    result.endpoints.protocols = options.protocols;
    return result;
  }
  void take_rows();
  void look_at_titles(int64_t mono_ns);
  std::vector<requests::StandingRequest> standing(const std::vector<requests::SleepingThread>& sleeping);

  HostView& view;
  HostInfo host;
  const int64_t start_ns;
  Processes processes;
  ProcFacts facts;
  requests::RequestTracker tracker;
  BatchBuilder batches;

  uint64_t events = 0;
  int64_t busy_begin_ns = 0;
  int64_t settled_ns = 0, pushed_ns = 0, titles_ns = 0;
};

Dispatcher::Dispatcher(DispatcherOptions options, HostView& view, Sink& sink)
    : parts_(std::make_unique<Parts>(std::move(options), view, sink)) {
  Parts& p = *parts_;
  p.processes.begin_cpu_times();
  p.busy_begin_ns = view.busy_ns();
  p.settled_ns = p.pushed_ns = p.start_ns;
  p.batches.batch().hosts.push_back(p.host);
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::set_tiers(std::string tiers) { parts_->host.tiers = std::move(tiers); }
uint64_t Dispatcher::events() const { return parts_->events; }
uint64_t Dispatcher::spans() const { return parts_->tracker.requests(); }
const HostInfo& Dispatcher::host() const { return parts_->host; }

std::vector<TableSize> Dispatcher::table_sizes() const {
  std::vector<TableSize> sizes = parts_->tracker.table_sizes();
  sizes.push_back({"process_names", parts_->processes.size(), parts_->processes.limit()});
  return sizes;
}

void Dispatcher::handle(const event_header& header) {
  Parts& p = *parts_;
  ++p.events;
  switch (header.type) {
    case EVENT_DATA:
      if (auto* event = as<event_data>(header)) {
        if (event->flags & DATA_DATAGRAM)
          p.tracker.on_datagram(stream_bytes(*event));
        else
          p.tracker.on_bytes(stream_bytes(*event));
      }
      return;
    case EVENT_SWITCH:
      if (auto* event = as<event_switch>(header)) p.tracker.on_switch(thread_switch(*event));
      return;
    case EVENT_SOCKET:
      if (auto* event = as<event_socket>(header)) p.tracker.on_stream(stream_info(*event));
      return;
    case EVENT_SOCKET_END:
      if (auto* event = as<event_socket_end>(header))
        p.tracker.on_stream_end(requests::EndpointId{event->socket}, as_time(header.time_ns));
      return;
    case EVENT_RETRANSMIT:
      if (auto* event = as<event_retransmit>(header)) p.tracker.on_retransmit(requests::EndpointId{event->socket});
      return;
    case EVENT_PG_ACTIVITY: {
      auto* event = as<event_pg_activity>(header);
      if (!event || event->text_bytes == 0) return;
      const size_t room = header.size_bytes - sizeof *event;
      p.tracker.on_report({as_pid(header.pid),
                           as_time(header.time_ns),
                           {payload_of(*event), std::min<size_t>(event->text_bytes, room)},
                           event->cut != 0});
      return;
    }
    case EVENT_SYNC:
      if (auto* event = as<event_sync>(header))
        p.tracker.on_file_sync({as_pid(header.pid), as_pid(header.tid), as_time(event->begin_ns)});
      return;
    case EVENT_FORK:
    case EVENT_EXEC:
    case EVENT_EXIT: return on_process(header);
    case EVENT_GAP:
      if (auto* event = as<event_gap>(header)) on_gap(*event);
      return;
    default: return;
  }
}

void Dispatcher::on_process(const event_header& header) {
  Parts& p = *parts_;
  const int64_t time_ns = as_time(header.time_ns), wall_ns = p.tracker.clock().wall(time_ns);
  const int32_t pid = as_pid(header.pid);
  if (header.type == EVENT_FORK) {
    auto* event = as<event_fork>(header);
    if (!event || event->child_pid != event->child_tid) return;
    p.processes.forked(as_pid(event->child_pid), pid, event->name, wall_ns);
    p.tracker.on_fork(as_pid(event->child_pid), pid, time_ns);
  } else if (header.type == EVENT_EXEC) {
    auto* event = as<event_exec>(header);
    if (!event) return;
    p.processes.executed(pid, event->name, event->path);
    p.tracker.on_exec(pid);
  } else if (auto* event = as<event_exit>(header)) {
    p.tracker.on_thread_exit(as_pid(header.tid), time_ns);
    if (!event->group_dead) return;
    p.processes.exited(pid, static_cast<int32_t>(event->exit_code), wall_ns);
    p.tracker.on_process_exit(pid, time_ns);
  }
}

void Dispatcher::on_gap(const event_gap& event) {
  Parts& p = *parts_;
  const int64_t to_ns = as_time(event.header.time_ns);
  for (size_t type = 0; type < kEventTypes; ++type)
    p.batches.ledger().count(LedgerKind::ring_full,
                             static_cast<int64_t>(std::min<uint64_t>(event.lost_by_type[type], INT64_MAX)),
                             p.tracker.clock().wall(to_ns), "kernel", event_name(type));
  p.tracker.on_loss({as_time(std::min(event.from_ns, event.header.time_ns)), to_ns},
                    event.lost_by_type[EVENT_DATA] != 0);
}

std::vector<CaptureWish> Dispatcher::take_capture_wishes() {
  if (!parts_->tracker.capture_changed()) return {};
  std::vector<CaptureWish> wishes;
  for (const requests::CaptureChange& change : parts_->tracker.take_capture_changes())
    wishes.push_back({static_cast<uint64_t>(change.id), change.sent, change.received});
  return wishes;
}

void Dispatcher::add_log(LogRecord log) {
  Parts& p = *parts_;
  if (const std::optional<LockWait> wait = lock_wait_from(log)) {
    // A database on another machine has no processes here.
    if (p.processes.at(wait->waiter_pid).row.service == "postgresql")
      p.tracker.on_asked(wait->waiter_pid, wait->waiter_statement, wait->time_ns);
  }
  log.source = "recorder";
  log.host = p.host.name;
  p.batches.batch().logs.push_back(std::move(log));
}

void Dispatcher::count(LedgerKind kind, int64_t n, std::string_view stage, std::string_view detail, Evidence evidence) {
  parts_->batches.ledger().count(kind, n, 0, stage, detail, evidence);
}

// Moves the tracker's rows into the batch. Marks the processes that requests waited for.
void Dispatcher::Parts::take_rows() {
  Batch& batch = batches.batch();
  for (const Span& span : tracker.spans())
    for (const Blocker& blocker : span.blockers) processes.blame(blocker.pid);
  auto take = [](auto& from, auto& to) {
    if (to.empty()) return to.swap(from);
    std::move(from.begin(), from.end(), std::back_inserter(to));
    from.clear();
  };
  take(tracker.spans(), batch.spans);
  take(tracker.thread_states(), batch.thread_states);
  batches.ledger().add(tracker.ledger());
  tracker.ledger().clear();
}

bool Dispatcher::full() const {
  return parts_->batches.full(parts_->tracker.spans().size() + parts_->tracker.thread_states().size());
}

Result<void> Dispatcher::push_rows() {
  parts_->take_rows();
  return parts_->batches.push();
}

Result<void> Dispatcher::tick(int64_t mono_ns, int64_t wall_ns) {
  Parts& p = *parts_;
  if (mono_ns - p.settled_ns >= kSettleEvery) {
    p.settled_ns = mono_ns;
    if (p.tracker.read_clock(mono_ns, wall_ns))
      p.batches.ledger().count(LedgerKind::step, 1, p.tracker.clock().wall(mono_ns), "reader");
    p.tracker.settle(mono_ns);
  }
  p.look_at_titles(mono_ns);
  const bool due = mono_ns - p.pushed_ns >= kPushEvery;
  if (!due) return full() ? push_rows() : Result<void>();
  p.pushed_ns = mono_ns;
  p.tracker.tick(mono_ns);
  constexpr size_t kLookedAt = 200;
  for (int32_t pid : p.processes.vanished(kLookedAt)) {
    p.processes.exited(pid, 0, p.tracker.clock().wall(mono_ns));
    p.tracker.on_process_exit(pid, mono_ns);
  }
  return push(mono_ns, false);
}

Result<void> Dispatcher::push(int64_t mono_ns, bool all) {
  Parts& p = *parts_;
  Batch& batch = p.batches.batch();
  p.take_rows();
  for (const auto& [pid, process] : p.tracker.processes().all())
    if (process.recorded) p.processes.set_activity(pid, process.running_ns, process.runnable_ns);
  if (all) p.processes.end_cpu_times();
  for (Process& row : p.processes.take_changed(p.host.name)) batch.processes.push_back(std::move(row));
  for (Connection& row : p.tracker.take_connections(mono_ns, all)) batch.connections.push_back(std::move(row));
  p.take_rows();  // counts of connections that closed
  return p.batches.push();
}

void Dispatcher::count_source(const SourceCounts& counts) {
  Parts& p = *parts_;
  p.host.events = p.host.events_lost = 0;
  for (size_t type = 0; type < kEventTypes; ++type) {
    p.host.events += counts.kept[type] + counts.lost[type];
    p.host.events_lost += counts.lost[type];
  }
  auto count = [&](LedgerKind kind, uint64_t n, std::string_view detail, Evidence evidence = Evidence::Exact) {
    p.batches.ledger().count(kind, static_cast<int64_t>(n), 0, "kernel", detail, evidence);
  };
  count(LedgerKind::map_full, counts.map_full, "sockets and block requests");
  count(LedgerKind::map_full, counts.slot_collisions,
        "a thread's state was replaced by another thread's: a wait is missing");
  count(LedgerKind::oversize, counts.payload_unseen,
        "bytes sent by sendfile, splice or io_uring: only the length is known");
  for (const ProbeState& probe : counts.probes) {
    const std::string detail = probe.reason.empty() ? probe.name : probe.name + ": " + probe.reason;
    if (probe.state == ProbeState::State::Missing) count(LedgerKind::probe_missing, 1, detail);
    if (probe.state == ProbeState::State::Failed || probe.state == ProbeState::State::OverBudget)
      count(LedgerKind::attach_failed, 1, detail);
    if (probe.state == ProbeState::State::Attached && !probe.reason.empty())
      count(LedgerKind::probe_missing, 1, detail);
    if (probe.recursion_misses != 0)
      count(LedgerKind::ring_full, probe.recursion_misses, probe.name + ": skipped by the kernel");
    if (probe.runs != 0)
      count(LedgerKind::probe_ns, probe.run_ns / probe.runs, probe.name);
    else if (probe.cost_ns != 0)
      count(LedgerKind::probe_ns, probe.cost_ns, probe.name);
  }
}

// A PostgreSQL backend that waits for a heavyweight lock says so in its process title. No event shows what the backend
// waits for when the wait ends by a time-out.
void Dispatcher::Parts::look_at_titles(int64_t mono_ns) {
  constexpr int64_t kEvery = 200'000'000;  // also the least age of a request to look at
  constexpr size_t kMost = 32;             // reading a title takes about 50 µs: less than 1 % of a CPU
  if (mono_ns - titles_ns < kEvery) return;
  titles_ns = mono_ns;
  std::vector<int32_t> pids = tracker.serving_since("postgresql", mono_ns - kEvery);
  if (pids.size() > kMost) pids.resize(kMost);
  for (int32_t pid : pids)
    if (read_backend_title(processes.title(pid)).waiting) tracker.on_lock_wait(pid, mono_ns);
}

// Returns the PostgreSQL backends that sent and received nothing, and that are active according to their titles.
std::vector<requests::StandingRequest> Dispatcher::Parts::standing(
    const std::vector<requests::SleepingThread>& sleeping) {
  std::vector<requests::StandingRequest> all;
  for (int32_t pid : tracker.silent("postgresql", sleeping)) {
    const std::string text = processes.title(pid);
    const BackendTitle title = read_backend_title(text);
    if (title.command.empty()) continue;
    // The address to which its client connected. For a Unix socket, only other backends of the same server show the
    // path.
    SocketAddress server;
    if (title.peer.port != 0)
      server = view.near_end(pid, title.peer);
    else
      server.address = tracker.sibling_path(pid);
    all.push_back({pid, title.waiting, standing_exchange(title, server, start_ns)});
  }
  return all;
}

Result<void> Dispatcher::finish(int64_t mono_ns, const SourceCounts& counts, const std::vector<OpenWait>& open_waits,
                                int64_t recorder_cpu_ns) {
  Parts& p = *parts_;
  std::vector<requests::SleepingThread> sleeping;
  for (const OpenWait& wait : open_waits) sleeping.push_back(sleeping_thread(wait));
  p.tracker.finish(mono_ns, sleeping, p.standing(sleeping));
  p.host.ended_ns = p.tracker.clock().wall(mono_ns);
  p.host.cpu_busy_ns = p.processes.busy_ns() - p.busy_begin_ns;
  p.host.recorder_cpu_ns = recorder_cpu_ns;
  count_source(counts);
  requests::LedgerCounts& ledger = p.batches.ledger();
  const int64_t length_ns = std::max<int64_t>(1, mono_ns - p.start_ns);
  ledger.count(LedgerKind::cpu_percent, recorder_cpu_ns * 10'000 / length_ns, 0, "reader");
  if (p.tracker.requests() != 0)
    ledger.count(LedgerKind::events_per_request, static_cast<int64_t>(p.events / p.tracker.requests()), 0, "reader");
  ledger.count(LedgerKind::process_unseen, static_cast<int64_t>(p.processes.unseen()), 0, "reader");
  p.batches.batch().hosts.push_back(p.host);
  return push(mono_ns, true);
}

}  // namespace culprit::capture
