#include "capture/kernel/bpf_source.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/clock.h"
#include "capture/host/procfs.h"
#include "capture/kernel/bpf_source_programs.h"
#include "capture/kernel/bpf_source_ring.h"
#include "capture/kernel/server_probes.h"
#include "capture/kernel/told_sockets.h"

namespace culprit::capture {
namespace {

// An event gets its time first, then its space in a ring. The delay in between is less than this, unless the (virtual)
// CPU is taken away.
constexpr uint64_t kReorderWindowNs = 1'000'000;
// The interval between reads of rings that are less than a quarter full. Each read takes CPU time from the recorded
// programs and disturbs their caches. With 50 ms there are at most twenty reads a second, and an event waits at most 50
// ms.
constexpr int kPollMs = 50;
// Ring space is released to the kernel after this many bytes of each ring.
constexpr uint64_t kBudgetBytes = 1u << 20;
constexpr uint64_t kEverything = ~0ull;

class BpfSource : public EventSource {
 public:
  static Result<std::unique_ptr<EventSource>> open(const SourceOptions& options) {
    std::unique_ptr<BpfSource> source(new BpfSource(options, TRY(Programs::load(options))));
    TRY(source->open_rings());
    return std::unique_ptr<EventSource>(std::move(source));
  }
  ~BpfSource() override {
    if (epoll_fd_ >= 0) close(epoll_fd_);
  }

  Result<void> start() override;
  Result<uint64_t> poll(int timeout_ms, const Handler& handle) override;
  Result<void> stop(const Handler& handle) override;
  int64_t begin_ns() const override { return begin_ns_; }
  int64_t reached_ns() const override { return static_cast<int64_t>(reached_ns_); }
  SourceCounts counts() const override;
  std::vector<TableSize> table_sizes() const override { return {{"sockets", told_.size(), ToldSockets::kMost}}; }
  std::vector<OpenWait> open_waits() const override { return open_waits_; }
  void set_capture(uint64_t socket, CapturePolicy sent, CapturePolicy received) override {
    programs_->set_capture(socket, sent, received);
  }

 private:
  BpfSource(const SourceOptions& options, std::unique_ptr<Programs> programs)
      : options_(options),
        programs_(std::move(programs)),
        probes_(*programs_, options.probes ? std::optional(options.probe_budget) : std::nullopt) {}
  Result<void> open_rings();
  Result<void> seed_scope();
  void tick_probes(uint64_t now_ns, uint64_t horizon_ns, const Handler& handle);
  uint64_t drain_portion(uint64_t horizon_ns, const Handler& handle);
  void drain_all(const Handler& handle);
  uint64_t collect(uint64_t horizon_ns);
  void deliver(const event_header& event, const Handler& handle);
  void keep_open_waits();
  void look_for_ended_sockets(uint64_t horizon_ns, const Handler& handle);

  SourceOptions options_;
  std::unique_ptr<Programs> programs_;
  ServerProbes probes_;
  // The control ring comes first: of events with equal times, a socket's is before its bytes.
  std::vector<EventRing> rings_;
  std::vector<EventRing*> order_;
  int epoll_fd_ = -1;
  uint64_t last_ns_ = 0;
  uint64_t reached_ns_ = 0;
  int64_t begin_ns_ = 0;
  ToldSockets told_;
  std::vector<int32_t> executed_;  // processes that executed a program since the last search for servers
  std::vector<OpenWait> open_waits_;
  SourceCounts counts_;
};

Result<void> BpfSource::open_rings() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0)
    return Error{Error::Kind::Unavailable, std::string("cannot wait for events: ") + std::strerror(errno)};
  rings_.push_back(TRY(EventRing::open(programs_->control_fd(), programs_->control_size_bytes())));
  for (const Programs::Ring& ring : programs_->rings())
    rings_.push_back(TRY(EventRing::open(ring.fd, ring.size_bytes)));
  for (EventRing& ring : rings_) {
    epoll_event wish{};
    // edge-triggered: level-triggered, epoll_wait would return at once, as some events are always too young to read
    wish.events = EPOLLIN | EPOLLET;
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, ring.map_fd(), &wish) != 0)
      return Error{Error::Kind::Unavailable, std::string("cannot wait for a ring: ") + std::strerror(errno)};
    order_.push_back(&ring);
  }
  return {};
}

// Probes on servers come first: finding and measuring them takes the longest. Without them, statements under TLS have
// no text.
Result<void> BpfSource::start() {
  if (options_.reports)
    for (int32_t pid : options_.scope.all ? list_pids() : descendants(options_.scope.pids)) probes_.look_at(pid);
  TRY(programs_->attach());
  if (!options_.scope.all) TRY(seed_scope());
  begin_ns_ = clock_ns(CLOCK_MONOTONIC);
  if (options_.scheduling) programs_->seed_threads();
  if (options_.sockets) programs_->attach_live_sockets();
  return {};
}

// Processes may fork during the search. The roots are added first: from then on the fork hook adds their children. The
// search is complete when a pass finds no new process.
Result<void> BpfSource::seed_scope() {
  TRY(programs_->add_to_scope(options_.scope.pids));
  std::vector<int32_t> known = options_.scope.pids;
  for (;;) {
    std::vector<int32_t> now = descendants(options_.scope.pids), added;
    for (int32_t pid : now)
      if (std::find(known.begin(), known.end(), pid) == known.end()) added.push_back(pid);
    if (added.empty()) return {};
    TRY(programs_->add_to_scope(added));
    known.insert(known.end(), added.begin(), added.end());
  }
}

// Passes on texts read from a server's memory as events, like those of a probe.
void BpfSource::tick_probes(uint64_t now_ns, uint64_t horizon_ns, const Handler& handle) {
  for (const StatementReader::Statement& statement : probes_.tick(now_ns, horizon_ns)) {
    const size_t size_bytes = (sizeof(event_pg_activity) + statement.text.size() + 7) / 8 * 8;
    std::vector<uint64_t> words(size_bytes / 8);
    auto* event = reinterpret_cast<event_pg_activity*>(words.data());
    event->header.time_ns = std::max(last_ns_, statement.time_ns);
    event->header.pid = static_cast<uint32_t>(statement.pid);
    event->header.tid = event->header.pid;  // a PostgreSQL backend has one thread
    event->header.type = EVENT_PG_ACTIVITY;
    event->header.size_bytes = static_cast<uint32_t>(size_bytes);
    event->text_bytes = static_cast<uint16_t>(statement.text.size());
    event->cut = statement.cut;
    std::memcpy(event + 1, statement.text.data(), statement.text.size());
    deliver(event->header, handle);
  }
}

Result<uint64_t> BpfSource::poll(int timeout_ms, const Handler& handle) {
  int64_t deadline = clock_ns(CLOCK_MONOTONIC) + std::max(timeout_ms, 0) * int64_t{1'000'000};
  for (;;) {
    int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), now = clock_ns(CLOCK_MONOTONIC);
    uint64_t n = drain_portion(now - kReorderWindowNs, handle);
    look_for_ended_sockets(reached_ns_, handle);
    for (int32_t pid : std::exchange(executed_, {})) probes_.look_at(pid);
    if (options_.reports) tick_probes(now, reached_ns_, handle);
    counts_.user_ns += static_cast<uint64_t>(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
    if (n > 0 || now >= deadline) return n;
    epoll_event woken[16];
    int wait_ms = static_cast<int>(std::min<uint64_t>(kPollMs, (deadline - now) / 1'000'000 + 1));
    if (epoll_wait(epoll_fd_, woken, 16, wait_ms) < 0 && errno != EINTR)
      return Error{Error::Kind::Unavailable, std::string("cannot wait for events: ") + std::strerror(errno)};
  }
}

// Collects up to kBudgetBytes of each ring. Returns the time up to which no event is left in the rings.
uint64_t BpfSource::collect(uint64_t horizon_ns) {
  for (EventRing& ring : rings_) {
    ring.collect(horizon_ns, kBudgetBytes);
    if (ring.cut_short()) horizon_ns = std::min(horizon_ns, ring.items().back().time_ns);
  }
  for (EventRing& ring : rings_) ring.trim(horizon_ns);
  return horizon_ns;
}

// Passes on one portion of the events up to the horizon, all of them if they are few: between two portions the consumer
// can forget what is over.
uint64_t BpfSource::drain_portion(uint64_t horizon_ns, const Handler& handle) {
  uint64_t n = 0;
  const uint64_t reached_ns = collect(horizon_ns);
  merge(order_, [&](const event_header& event) { deliver(event, handle), ++n; });
  for (EventRing& ring : rings_) ring.release();
  if (reached_ns != kEverything) reached_ns_ = std::max(reached_ns_, reached_ns);
  return n;
}

void BpfSource::drain_all(const Handler& handle) {
  while (drain_portion(kEverything, handle) > 0) continue;
}

void BpfSource::deliver(const event_header& event, const Handler& handle) {
  if (event.time_ns < last_ns_) ++counts_.late;
  last_ns_ = std::max<uint64_t>(last_ns_, event.time_ns);
  if (event.type < kEventTypes) ++counts_.kept[event.type];
  counts_.bytes += event.size_bytes;
  if (event.type == EVENT_SOCKET && !told_.add(reinterpret_cast<const event_socket&>(event).socket, event.pid))
    ++counts_.map_full;
  if (event.type == EVENT_SOCKET_END) told_.remove(reinterpret_cast<const event_socket_end&>(event).socket);
  if (event.type == EVENT_DATA) probes_.on_data(reinterpret_cast<const event_data&>(event));
  if (event.type == EVENT_EXEC || event.type == EVENT_EXIT) probes_.forget(static_cast<int32_t>(event.pid));
  if (event.type == EVENT_EXEC && options_.reports) executed_.push_back(static_cast<int32_t>(event.pid));
  handle(event);
}

// Emits the end of sockets that ended without an event. Only TCP sockets have an event for their end, and that event
// may be lost: the kernel is asked at intervals which sockets exist. An end is passed on after all events of its
// socket.
void BpfSource::look_for_ended_sockets(uint64_t horizon_ns, const Handler& handle) {
  for (const ToldSockets::Ended& ended : told_.take_ended(horizon_ns)) {
    event_socket_end event{};
    event.header.time_ns = std::max(last_ns_, ended.time_ns);
    event.header.pid = ended.pid;
    event.header.type = EVENT_SOCKET_END;
    event.header.size_bytes = sizeof event;
    event.socket = ended.socket;
    deliver(event.header, handle);
  }
  auto now = static_cast<uint64_t>(clock_ns(CLOCK_MONOTONIC));
  if (!told_.due(now)) return;
  const int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);  // on a busy machine the look takes longer than its work
  auto live = programs_->mark_live_sockets(told_.next_multiplier());
  const auto cost_ns = static_cast<uint64_t>(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
  told_.compare(live, static_cast<uint64_t>(clock_ns(CLOCK_MONOTONIC)), cost_ns);
}

Result<void> BpfSource::stop(const Handler& handle) {
  programs_->detach();
  keep_open_waits();
  // A program that was running while its hook was detached may still write an event, for some microseconds.
  for (int i = 0; i < 3; ++i) {
    drain_all(handle);
    usleep(2000);
  }
  drain_all(handle);
  return {};
}

void BpfSource::keep_open_waits() {
  for (const thread_slot& slot : programs_->slots()) {
    if (slot.off_ns == 0) continue;
    open_waits_.push_back({.pid = static_cast<int32_t>(slot.tgid),
                           .tid = static_cast<int32_t>(slot.told_tid),
                           .off_ns = slot.off_ns,
                           .wake_ns = slot.wake_ns >= slot.off_ns ? slot.wake_ns : 0,
                           .state = slot.state,
                           .syscall = slot.syscall,
                           .argument = slot.argument,
                           .socket = slot.argument == slot.descriptor ? slot.socket : 0});
  }
}

SourceCounts BpfSource::counts() const {
  SourceCounts counts = counts_;
  cpu_counts kernel = programs_->total_counts();
  std::copy(std::begin(kernel.lost), std::end(kernel.lost), counts.lost.begin());
  counts.read_faults = kernel.read_faults;
  counts.slot_collisions = kernel.slot_collisions;
  counts.map_full = kernel.map_full;
  counts.payload_unseen = kernel.payload_unseen;
  counts.ring_peak_bytes = kernel.ring_peak_bytes;
  counts.ring_size_bytes = programs_->ring_size_bytes();
  counts.probes = programs_->probes();
  for (ProbeState state : probes_.states()) counts.probes.push_back(std::move(state));
  return counts;
}

}  // namespace

Result<std::unique_ptr<EventSource>> open_bpf_source(const SourceOptions& options) { return BpfSource::open(options); }

}  // namespace culprit::capture
