#include "capture/requests/assembler.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "capture/server/postgresql_process_title.h"
#include "model/database_inspector.h"

namespace culprit::capture {
namespace {

constexpr int64_t kSettleEvery = 50'000'000;
constexpr int64_t kPushEvery = 1'000'000'000;
// Connection rows whose numbers only grew.
constexpr int64_t kRefreshEvery = 10'000'000'000;

template <class Event>
const Event* as(const event_header& header) {
  return header.size_bytes >= sizeof(Event) ? reinterpret_cast<const Event*>(&header) : nullptr;
}

// Whatever the event says, a thread lost its CPU, and was woken, before it got one.
event_switch in_order(event_switch event) {
  event.off_ns = std::min(event.off_ns, event.header.time_ns);
  event.wake_ns = std::min(event.wake_ns, event.header.time_ns);
  return event;
}

}  // namespace

struct Assembler::Parts {
  Parts(AssemblerOptions options, HostView& host_view, Sink& sink)
      : view(host_view),
        host(std::move(options.host)),
        clock(options.mono_ns, host.started_ns),
        start_ns(options.mono_ns),
        processes(host_view),
        threads(processes, [this](const Processes::Entry& entry) { return connections.current_statement(entry); }),
        requests(hash64(host.run_id, host.host_id)),
        outbox(sink, host.name),
        turns(surroundings()),
        connections(surroundings(), turns, host_view, std::move(options.protocols), std::move(options.set_capture),
                    options.own_pid) {}

  Surroundings surroundings() { return {clock, ends, processes, threads, texts, requests, outbox, gaps, start_ns}; }

  SocketAddress server_of(int32_t backend, const BackendTitle& title);

  HostView& view;
  HostInfo host;
  WallClock clock;
  const int64_t start_ns;
  Ends ends;
  Texts texts;
  Processes processes;
  Threads threads;
  Requests requests;
  Outbox outbox;
  std::vector<LossGap> gaps;
  Turns turns;
  Connections connections;

  struct Standing {
    int32_t pid = 0;
    Exchange exchange;
  };
  std::vector<Standing> standing;

  uint64_t events = 0;
  int64_t busy_begin_ns = 0;
  int64_t settled_ns = 0, pushed_ns = 0, refreshed_ns = 0;
};

// Where a silent backend's client reached it. Of a Unix socket only the siblings tell: children of the same server.
SocketAddress Assembler::Parts::server_of(int32_t backend, const BackendTitle& title) {
  if (title.peer.port != 0) return view.near_end(backend, title.peer);
  const int32_t server = processes.at(backend).row.parent_pid;
  for (const auto& [socket, end] : ends)
    if (end->server() && end->row.transport == "unix" && processes.at(end->row.pid).row.parent_pid == server)
      return {unix_path(*end), 0};
  return {};
}

Assembler::Assembler(AssemblerOptions options, HostView& view, Sink& sink)
    : parts_(std::make_unique<Parts>(std::move(options), view, sink)) {
  Parts& p = *parts_;
  p.processes.begin_cpu_times();
  p.busy_begin_ns = view.busy_ns();
  p.settled_ns = p.pushed_ns = p.refreshed_ns = p.start_ns;
  p.outbox.batch().hosts.push_back(p.host);
}

Assembler::~Assembler() = default;

void Assembler::set_tiers(std::string tiers) { parts_->host.tiers = std::move(tiers); }
uint64_t Assembler::events() const { return parts_->events; }
uint64_t Assembler::spans() const { return parts_->turns.spans(); }
const HostInfo& Assembler::host() const { return parts_->host; }

void Assembler::handle(const event_header& header) {
  Parts& p = *parts_;
  ++p.events;
  switch (header.type) {
    case EVENT_DATA:
      if (auto* event = as<event_data>(header)) p.connections.on_data(*event);
      break;
    case EVENT_SWITCH:
      if (auto* event = as<event_switch>(header)) on_switch(in_order(*event));
      break;
    case EVENT_SOCKET:
      if (auto* event = as<event_socket>(header)) p.connections.on_socket(*event);
      break;
    case EVENT_SOCKET_END:
      if (auto* event = as<event_socket_end>(header)) p.connections.on_end(*event);
      break;
    case EVENT_RETRANSMIT:
      if (auto* event = as<event_retransmit>(header)) p.connections.on_retransmit(*event);
      break;
    case EVENT_REPORT:
      if (auto* event = as<event_report>(header)) p.connections.on_report(*event);
      break;
    case EVENT_SYNC:
      if (auto* event = as<event_sync>(header)) p.threads.on_sync(*event);
      break;
    case EVENT_FORK:
      if (auto* event = as<event_fork>(header); event && event->child_pid == event->child_tid) {
        const auto time_ns = static_cast<int64_t>(header.time_ns);
        p.processes.forked(static_cast<int32_t>(event->child_pid), static_cast<int32_t>(header.pid), event->name,
                           time_ns, p.clock.wall(time_ns));
      }
      break;
    case EVENT_EXEC:
      if (auto* event = as<event_exec>(header))
        p.processes.executed(static_cast<int32_t>(header.pid), event->name, event->path);
      break;
    case EVENT_EXIT:
      if (auto* event = as<event_exit>(header)) on_exit(*event);
      break;
    case EVENT_GAP:
      if (auto* event = as<event_gap>(header)) on_gap(*event);
      break;
    default: break;
  }
}

void Assembler::on_switch(const event_switch& event) {
  Parts& p = *parts_;
  p.threads.on_switch(event);
  if (event.waker != WAKER_THREAD || event.waker_pid != event.header.pid || event.wake_ns == 0) return;
  if (Thread* thread = p.threads.find(static_cast<int32_t>(event.header.tid)))
    p.turns.hand_over(*thread, static_cast<int32_t>(event.waker_tid), static_cast<int64_t>(event.wake_ns));
}

void Assembler::on_exit(const event_exit& event) {
  Parts& p = *parts_;
  const auto time_ns = static_cast<int64_t>(event.header.time_ns);
  p.threads.on_exit(static_cast<int32_t>(event.header.tid), time_ns);
  if (event.group_dead)
    p.processes.exited(static_cast<int32_t>(event.header.pid), static_cast<int32_t>(event.exit_code), time_ns,
                       p.clock.wall(time_ns));
}

void Assembler::on_gap(const event_gap& event) {
  Parts& p = *parts_;
  // Requests ask for gaps that they overlap; of more than this only the last are told one by one, the older as one.
  constexpr size_t kMostGaps = 256;
  const LossGap gap{static_cast<int64_t>(std::min(event.from_ns, event.header.time_ns)),
                    static_cast<int64_t>(event.header.time_ns)};
  if (p.gaps.size() >= kMostGaps) {
    p.gaps[1].from_ns = std::min(p.gaps[0].from_ns, p.gaps[1].from_ns);
    p.gaps.erase(p.gaps.begin());
  }
  p.gaps.push_back(gap);
  for (size_t type = 0; type < kEventTypes; ++type)
    p.outbox.count(LedgerKind::ring_full, static_cast<int64_t>(std::min<uint64_t>(event.lost_by_type[type], INT64_MAX)),
                   p.clock.wall(gap.to_ns), "kernel", event_name(type));
  if (event.lost_by_type[EVENT_DATA] != 0) p.connections.on_lost_data(gap.to_ns);
}

void Assembler::add_log(LogRecord log) {
  if (const std::optional<LockWait> wait = lock_wait_from(log)) {
    Processes::Entry& waiter = parts_->processes.at(wait->waiter_pid);
    // A database on another machine has other processes.
    if (waiter.row.service == "postgresql") {
      if (waiter.asked_statement != wait->waiter_statement) waiter.asked_first_ns = wait->time_ns;
      waiter.asked_statement = wait->waiter_statement;
      waiter.asked_last_ns = wait->time_ns;
    }
  }
  log.source = "recorder";
  log.host = parts_->host.name;
  parts_->outbox.batch().logs.push_back(std::move(log));
}

void Assembler::count(LedgerKind kind, int64_t n, std::string_view stage, std::string_view detail, Evidence evidence) {
  parts_->outbox.count(kind, n, 0, stage, detail, evidence);
}

void Assembler::settle(int64_t mono_ns, bool all) {
  Parts& p = *parts_;
  std::vector<Span>& spans = p.outbox.batch().spans;
  const size_t before = spans.size();
  p.requests.settle(mono_ns, all, spans);
  for (size_t i = before; i < spans.size() && !p.gaps.empty(); ++i) {
    Span& span = spans[i];
    // A gap is told when its CPU's ring takes an event again: requests on other CPUs have ended by then.
    for (const LossGap& gap : p.gaps)
      if (p.clock.wall(gap.from_ns) < span.end_ns() && p.clock.wall(gap.to_ns) > span.start_ns)
        span.flags |= kLossOverlap;
  }
  const SettledCounts counts = p.requests.take_counts();
  p.outbox.count(LedgerKind::watermark, static_cast<int64_t>(counts.early), p.clock.wall(mono_ns), "wire",
                 "left before their root had ended");
  p.outbox.count(LedgerKind::unpaired_edge, static_cast<int64_t>(counts.unpaired), p.clock.wall(mono_ns), "wire");
}

Result<void> Assembler::tick(int64_t mono_ns, int64_t wall_ns) {
  Parts& p = *parts_;
  if (mono_ns - p.settled_ns >= kSettleEvery) {
    p.settled_ns = mono_ns;
    settle(mono_ns, false);
  }
  const bool due = mono_ns - p.pushed_ns >= kPushEvery;
  if (!due && !p.outbox.full()) return {};
  if (due) {
    p.pushed_ns = mono_ns;
    if (p.clock.stepped(mono_ns, wall_ns)) p.outbox.count(LedgerKind::step, 1, p.clock.wall(mono_ns), "reader");
    constexpr int64_t kRememberThreads = 2'000'000'000;
    p.threads.forget(mono_ns - kRememberThreads);
    p.connections.count_conversations();
    p.connections.forget_closed();
    const bool refresh = mono_ns - p.refreshed_ns >= kRefreshEvery;
    if (refresh) p.refreshed_ns = mono_ns;
    return push(refresh);
  }
  return p.outbox.push();
}

Result<void> Assembler::push(bool all) {
  Parts& p = *parts_;
  Batch& batch = p.outbox.batch();
  for (Process& row : p.processes.take_changed(p.host.name)) batch.processes.push_back(std::move(row));
  for (Connection& row : p.connections.take_changed(all)) batch.connections.push_back(std::move(row));
  return p.outbox.push();
}

void Assembler::count_source(const SourceCounts& counts) {
  Parts& p = *parts_;
  p.host.events = p.host.events_lost = 0;
  for (size_t type = 0; type < kEventTypes; ++type) {
    p.host.events += counts.kept[type] + counts.lost[type];
    p.host.events_lost += counts.lost[type];
  }
  auto count = [&](LedgerKind kind, uint64_t n, std::string_view detail, Evidence evidence = Evidence::Exact) {
    p.outbox.count(kind, static_cast<int64_t>(n), 0, "kernel", detail, evidence);
  };
  count(LedgerKind::map_full, counts.map_full, "sockets and block requests");
  count(LedgerKind::map_full, counts.slot_collisions, "a thread's state was pushed out: a wait is missing");
  count(LedgerKind::oversize, counts.payload_unseen, "bytes went by sendfile, splice or io_uring: length only");
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

void Assembler::find_standing(const std::vector<OpenWait>& open_waits) {
  Parts& p = *parts_;
  for (const OpenWait& wait : open_waits) p.threads.at(wait.tid, wait.pid);
  std::unordered_set<int32_t> spoke;
  for (const auto& [socket, end] : p.ends)
    if (end->last_data_ns != 0 || end->ignored) spoke.insert(end->row.pid);
  for (int32_t pid : p.processes.recorded("postgresql")) {
    if (spoke.contains(pid)) continue;
    const std::string text = p.processes.title(pid);
    const BackendTitle title = read_backend_title(text);
    Thread* thread = p.threads.find(pid);
    if (title.command.empty() || !thread) continue;
    p.standing.push_back({pid, standing_exchange(title, p.server_of(pid, title), p.start_ns)});
    if (!title.waiting) continue;
    p.threads.was_busy(*thread, p.start_ns, false);
    thread->serving.push_back({0, p.start_ns, LinkHow::SameThread});
  }
}

void Assembler::finish_standing(int64_t mono_ns) {
  for (Parts::Standing& one : parts_->standing) {
    one.exchange.end_ns = mono_ns;
    parts_->turns.finish_unseen(one.pid, std::move(one.exchange));
  }
}

Result<void> Assembler::finish(int64_t mono_ns, const SourceCounts& counts, const std::vector<OpenWait>& open_waits,
                               int64_t recorder_cpu_ns) {
  Parts& p = *parts_;
  find_standing(open_waits);
  int64_t holders_asleep = 0;
  for (const OpenWait& wait : open_waits) holders_asleep += p.threads.on_open_wait(wait, mono_ns).lock_like;
  p.outbox.count(LedgerKind::holder_asleep, holders_asleep, 0, "wire",
                 "a request waited to the end of the recording, and nobody who ran gave free what it waits for",
                 Evidence::Heuristic);
  p.connections.finish(mono_ns);
  finish_standing(mono_ns);
  settle(mono_ns, true);
  p.threads.finish(mono_ns);
  p.processes.end_cpu_times();
  p.connections.count_conversations();
  p.connections.forget_closed();
  p.host.ended_ns = p.clock.wall(mono_ns);
  p.host.cpu_busy_ns = p.processes.busy_ns() - p.busy_begin_ns;
  p.host.recorder_cpu_ns = recorder_cpu_ns;
  count_source(counts);
  const int64_t length_ns = std::max<int64_t>(1, mono_ns - p.start_ns);
  p.outbox.count(LedgerKind::cpu_percent, recorder_cpu_ns * 10'000 / length_ns, 0, "reader");
  if (p.turns.spans() != 0)
    p.outbox.count(LedgerKind::events_per_request, static_cast<int64_t>(p.events / p.turns.spans()), 0, "reader");
  p.outbox.count(LedgerKind::process_unseen, static_cast<int64_t>(p.processes.unseen()), 0, "reader");
  p.outbox.batch().hosts.push_back(p.host);
  return push(true);
}

}  // namespace culprit::capture
