// The part of RequestTracker that follows streams, threads and processes, and that returns rows.
#include "requests/tree/request_tracker.h"

#include <algorithm>
#include <unordered_set>

#include "base/hash.h"
#include "requests/tree/peer_matching.h"

namespace culprit::requests {

RequestTracker::RequestTracker(TrackerOptions options, HostFacts& host)
    : clock_(options.mono_ns, options.wall_ns),
      start_ns_(options.mono_ns),
      most_open_requests_(std::max<size_t>(1, options.most_open_requests)),
      processes_(host, options.most_processes),
      threads_(processes_, options.most_threads),
      endpoints_(options.endpoints, host, clock_, ledger_),
      tree_(options.run),
      parents_(tree_, threads_),
      builder_(clock_, threads_, texts_, services_) {}

uint64_t RequestTracker::span_id(EndpointId endpoint, RequestToken token) const {
  return hash64(static_cast<uint64_t>(token), hash64(static_cast<uint64_t>(endpoint), tree_.run()));
}

// --- streams ---

// Removes the idlest end if the table of ends is full. Its open requests end here.
void RequestTracker::make_room(int64_t time_ns) {
  Endpoint* idle = endpoints_.to_make_room();
  if (!idle) return;
  close(*idle, time_ns, Closing::RecordingEnded);
  endpoints_.add_counts(*idle);
  endpoints_.forget(*idle);
  ledger_.count_unit(LedgerKind::evicted, LedgerUnit::Connection, 1, "wire", "ends of connections");
}

// Gives up the requests of the end whose request has been open longest. The end stays.
void RequestTracker::make_room_for_requests(int64_t time_ns) {
  while (tree_.open() > most_open_requests_) {
    const NodeId oldest = tree_.oldest_open();
    const Request* request = tree_.find(oldest);
    if (!request) return;
    const size_t before = tree_.open();
    Endpoint* endpoint = endpoints_.find(request->endpoint);
    if (endpoint) close(*endpoint, time_ns, Closing::GivenUp);
    tree_.drop(oldest);  // a request without a conversation
    ledger_.count_unit(LedgerKind::evicted, LedgerUnit::Request, static_cast<int64_t>(before - tree_.open()), "wire",
                       "open requests");
  }
}

void RequestTracker::on_stream(const StreamInfo& info) {
  if (!endpoints_.find(info.id)) make_room(info.time_ns);
  processes_.at(info.pid);
  endpoints_.open(info);
}

void RequestTracker::on_datagram(const StreamBytes& bytes) {
  Thread& thread = threads_.at(bytes.tid, bytes.pid);
  thread.last_event_ns = bytes.time_ns;
  if (!bytes.sent) threads_.on_bytes(thread);
}

void RequestTracker::on_bytes(const StreamBytes& bytes) {
  Endpoint* known = endpoints_.find_latest(bytes.id);
  if (!known) {
    make_room(bytes.time_ns);
    processes_.at(bytes.pid);
  }
  Endpoint& endpoint = known ? *known : endpoints_.at(bytes.id, bytes.pid);
  (bytes.sent ? endpoint.row.bytes_sent : endpoint.row.bytes_received) += bytes.length_bytes;
  Thread& thread = threads_.at(bytes.tid, bytes.pid);
  thread.last_event_ns = bytes.time_ns;
  if (!bytes.sent) threads_.on_bytes(thread);
  if (endpoint.ignored || bytes.length_bytes == 0) return;
  if (endpoint.row.pid != bytes.pid) {  // the parent process accepted the connection, a child serves it
    endpoint.row.pid = bytes.pid;
    endpoint.row_changed = true;
    if (Endpoint* other = endpoints_.peer_of(endpoint)) {
      other->row.peer_pid = bytes.pid;
      other->row_changed = true;
    }
  }
  endpoint.last_data_ns = bytes.moved_ns;
  const StreamPosition place = endpoint.advance(bytes);
  if (tree_.open() > most_open_requests_) make_room_for_requests(bytes.time_ns);
  if (bytes.unreadable) ledger_.count(LedgerKind::read_fault, 1, clock_.wall(bytes.moved_ns), "kernel");
  if (place.missing_bytes != 0) {
    endpoint.row.lost_bytes += place.missing_bytes;
    if (endpoint.conversation)
      endpoint.conversation->gap(endpoint.from(bytes.sent), bytes.moved_ns, place.missing_bytes);
  }
  if (endpoint.conversation)
    return feed(endpoint, thread,
                {bytes.sent, bytes.moved_ns, place.position, bytes.length_bytes, bytes.head, bytes.tail});
  KeptSegment kept{bytes.sent,
                   bytes.moved_ns,
                   bytes.tid,
                   place.position,
                   bytes.length_bytes,
                   std::string(bytes.head),
                   std::string(bytes.tail)};
  if (!endpoints_.recognise(endpoint, std::move(kept))) return;
  for (const KeptSegment& segment : std::exchange(endpoint.kept, {}))
    feed(endpoint, threads_.at(segment.tid, endpoint.row.pid),
         {segment.sent, segment.moved_ns, segment.position, segment.length_bytes, segment.head, segment.tail});
}

void RequestTracker::feed(Endpoint& endpoint, Thread& thread, const Segment& segment) {
  if (!endpoint.conversation) return;
  const From from = endpoint.from(segment.sent);
  if (from == From::Server) {
    endpoint.reply_tid = thread.tid;
    if (!endpoint.server() && !endpoint.open.empty())
      if (const Request* call = tree_.find(endpoint.open.front().node)) parents_.answer_came(*call, thread);
  }
  endpoint.conversation->feed(from, segment.moved_ns, segment.head, segment.tail, segment.length_bytes);
  take_events(endpoint, &thread, &segment);
  const std::string_view next = endpoint.conversation->handed_over();
  if (!next.empty())
    endpoints_.hand_over(endpoint, next);
  else
    endpoints_.update_capture(endpoint);
}

void RequestTracker::on_stream_end(EndpointId id, int64_t time_ns) {
  Endpoint* endpoint = endpoints_.find(id);
  if (!endpoint || endpoint->row.closed_ns != 0) return;
  close(*endpoint, time_ns, Closing::ConnectionClosed);
  endpoints_.close(*endpoint, time_ns);
}

void RequestTracker::close(Endpoint& endpoint, int64_t time_ns, Closing why) {
  if (!endpoint.conversation) return;
  endpoint.conversation->close(time_ns, why);
  take_events(endpoint, nullptr, nullptr);
}

void RequestTracker::on_retransmit(EndpointId id) {
  Endpoint* endpoint = endpoints_.find(id);
  if (!endpoint) return;
  ++endpoint->row.retransmits;
  endpoint->row_changed = true;
}

void RequestTracker::on_report(const StatementReport& report) {
  const ProcessActivity* process = processes_.find(report.pid);
  Endpoint* endpoint = process ? endpoints_.find(process->server_endpoint) : nullptr;
  if (!endpoint || !endpoint->conversation) return;
  endpoint->conversation->set_statement_text(report.time_ns, report.text, report.cut);
}

void RequestTracker::on_lock_wait(int32_t pid, int64_t mono_ns) {
  if (Thread* thread = threads_.find(pid)) thread->lock_wait_seen_ns = mono_ns;
}

void RequestTracker::on_loss(LossInterval loss, bool bytes) {
  builder_.on_loss(loss);
  const int64_t from_ns = clock_.wall(loss.from_ns), to_ns = clock_.wall(loss.to_ns);
  for (Span& span : spans_)
    if (from_ns < span.end_ns() && to_ns > span.start_ns) span.flags |= kLossOverlap;
  if (!bytes) return;
  // TCP's sequence numbers show gaps exactly. Without them, every connection with recent bytes may have a gap.
  constexpr int64_t kLately = 10'000'000'000;
  endpoints_.for_each([&](Endpoint& endpoint) {
    if (!endpoint.conversation || endpoint.sequence_known[0] || endpoint.sequence_known[1]) return;
    if (loss.to_ns - endpoint.last_data_ns > kLately) return;
    endpoint.offset_known = false;
    endpoint.conversation->gap(From::Client, loss.to_ns, 0);
    endpoint.conversation->gap(From::Server, loss.to_ns, 0);
    take_events(endpoint, nullptr, nullptr);
  });
}

// --- threads and processes ---

void RequestTracker::on_switch(const ThreadSwitch& event) {
  threads_.on_switch(event, *this);
  if (event.waker != Waker::Thread || event.waker_pid != event.pid || event.wake_ns == 0) return;
  if (Thread* thread = threads_.find(event.tid)) parents_.hand_over(*thread, event.waker_tid, event.wake_ns);
}

void RequestTracker::on_asked(int32_t pid, std::string_view statement, int64_t wall_ns) {
  ProcessActivity& process = processes_.at(pid);
  if (process.asked_statement != statement) process.asked_first_ns = wall_ns;
  process.asked_statement = statement;
  process.asked_last_ns = wall_ns;
}

RanStatement RequestTracker::current_statement(const ProcessActivity& process) {
  const Endpoint* endpoint = endpoints_.find(process.server_endpoint);
  if (!endpoint || !endpoint->conversation || endpoint->open.empty() || !endpoint->open.front().in_service) return {};
  const std::optional<CurrentRequest> current = endpoint->conversation->current();
  if (!current) return {};
  return {current->begin_ns, INT64_MAX, texts_.intern(current->statement), ends_transaction(current->statement), false};
}

std::vector<TableSize> RequestTracker::table_sizes() const {
  return {{"connections", endpoints_.size(), endpoints_.limit()},
          {"addresses", endpoints_.tcp_ends(), endpoints_.limit()},
          {"threads", threads_.size(), threads_.limit()},
          {"processes", processes_.size(), processes_.limit()},
          {"requests", tree_.size(), RequestTree::limit() + most_open_requests_},
          {"statements", texts_.size(), Texts::kMost},
          {"statement_bytes", texts_.bytes(), Texts::kMostBytes}};
}

// --- rows ---

void RequestTracker::emit_settled(int64_t mono_ns, bool all) {
  tree_.settle(mono_ns, all, [&](Request& request, uint64_t parent_span_id) {
    spans_.push_back(builder_.build(request, parent_span_id));
  });
  const SettledCounts counts = tree_.take_counts();
  ledger_.count(LedgerKind::watermark, static_cast<int64_t>(counts.early), clock_.wall(mono_ns), "wire",
                "spans were emitted before their root span ended");
  ledger_.count(LedgerKind::unpaired_edge, static_cast<int64_t>(counts.unpaired), clock_.wall(mono_ns), "wire");
  ledger_.count_unit(LedgerKind::evicted, LedgerUnit::Request, static_cast<int64_t>(counts.forgotten), "wire",
                     "requests remembered for their children");
}

void RequestTracker::count_evicted(int64_t time_ns) {
  auto count = [&](size_t n, std::string_view table) {
    ledger_.count(LedgerKind::evicted, static_cast<int64_t>(n), clock_.wall(time_ns), "wire", table);
  };
  count(processes_.take_evicted(), "processes");
  count(threads_.take_evicted(), "threads");
  count(threads_.take_evicted_histories(), "what threads waited for");
  count(texts_.take_evicted(), "statements that waits name");
  count(services_.take_evicted(), "names of services");
}

void RequestTracker::settle(int64_t mono_ns) { emit_settled(mono_ns, false); }

void RequestTracker::tick(int64_t mono_ns) {
  constexpr int64_t kRememberThreads = 2'000'000'000, kIdleThread = 60'000'000'000;
  // After these times, the last events of the peer and of the threads that waited for the process have arrived.
  constexpr int64_t kRememberEnds = 1'000'000'000, kRememberProcesses = 20'000'000'000;
  threads_.forget(mono_ns - kRememberThreads, mono_ns - kIdleThread);
  endpoints_.for_each([&](Endpoint& endpoint) { endpoints_.add_counts(endpoint); });
  endpoints_.forget_closed(mono_ns - kRememberEnds);
  processes_.forget(mono_ns - kRememberProcesses);
  count_evicted(mono_ns);
}

std::vector<int32_t> RequestTracker::silent(std::string_view service, const std::vector<SleepingThread>& sleeping) {
  for (const SleepingThread& thread : sleeping) threads_.at(thread.tid, thread.pid);
  std::unordered_set<int32_t> spoke;
  endpoints_.for_each([&](const Endpoint& endpoint) {
    if (endpoint.conversation || !endpoint.kept.empty() || endpoint.ignored) spoke.insert(endpoint.row.pid);
  });
  std::vector<int32_t> pids = processes_.recorded(service);
  std::erase_if(pids, [&](int32_t pid) { return spoke.contains(pid) || !threads_.find(pid); });
  return pids;
}

std::vector<int32_t> RequestTracker::serving_since(std::string_view service, int64_t mono_ns) {
  std::vector<int32_t> pids = processes_.recorded(service);
  std::erase_if(pids, [&](int32_t pid) {
    const Thread* thread = threads_.find(pid);
    return !thread || thread->in_service.empty() || thread->in_service.front().since_ns >= mono_ns;
  });
  return pids;
}

std::string RequestTracker::sibling_path(int32_t pid) {
  const int32_t parent = processes_.at(pid).info.parent_pid;
  std::string path;
  endpoints_.for_each([&](const Endpoint& endpoint) {
    if (!path.empty() || !endpoint.server() || endpoint.transport != Transport::Unix) return;
    if (processes_.at(endpoint.row.pid).info.parent_pid == parent) path = unix_path(endpoint);
  });
  return path;
}

void RequestTracker::finish(int64_t mono_ns, const std::vector<SleepingThread>& sleeping,
                            std::vector<StandingRequest> standing) {
  for (const StandingRequest& one : standing) {
    Thread* thread = threads_.find(one.pid);
    if (!thread || !one.waiting) continue;
    threads_.was_busy(*thread, start_ns_, false, *this);
    thread->in_service.push_back({NodeId::None, start_ns_, LinkHow::SameThread});
  }
  int64_t holders_asleep = 0;
  for (const SleepingThread& thread : sleeping)
    holders_asleep += threads_.on_sleeping(thread, mono_ns, *this).lock_like;
  ledger_.count(LedgerKind::holder_asleep, holders_asleep, 0, "wire",
                "a request waited until the recording ended, and no event shows what it waited for",
                Evidence::Heuristic);
  endpoints_.for_each([&](Endpoint& endpoint) { close(endpoint, mono_ns, Closing::RecordingEnded); });
  for (StandingRequest& one : standing) finish_standing(std::move(one), mono_ns);
  emit_settled(mono_ns, true);
  threads_.finish(mono_ns);
  endpoints_.for_each([&](Endpoint& endpoint) { endpoints_.add_counts(endpoint); });
  endpoints_.forget_closed(INT64_MAX);
  count_evicted(mono_ns);
}

}  // namespace culprit::requests
