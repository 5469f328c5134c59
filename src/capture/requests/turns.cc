#include "capture/requests/turns.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit::capture {
namespace {

// A thread that serves more than this at once is an event loop with a crowd; who is who is lost anyway.
constexpr size_t kMostServing = 256;
// With more requests under way in a process than this, "one of them" says nothing.
constexpr size_t kMostCandidates = 4;

template <size_t N>
HalfRequest* find_position(std::array<HalfRequest, N>& halves, uint32_t position) {
  for (HalfRequest& half : halves)
    if (half.request != 0 && half.position == position) return &half;
  return nullptr;
}

}  // namespace

// Whom a thread sends for. Tasks of an event loop, and of a runtime that moves them between threads, send in the order in
// which their bytes came; who waits for an answer sends nothing, if anybody is free.
Turns::Origin Turns::origin_of(const Thread& thread) const {
  const std::vector<Serving>& serving = thread.serving;
  auto touched =
      std::find_if(serving.begin(), serving.end(), [&](const Serving& one) { return one.request == thread.touched; });
  const float among = serving.size() > 1 ? 0.8f : 1.0f;
  auto served = [&](const Serving& one) {
    return Origin{one.request, one.how, one.how == LinkHow::WakeUp ? std::min(among, 0.9f) : among};
  };

  auto free = [&](uint64_t request) { return is_free(request); };
  const auto ready = std::count_if(thread.fresh.begin(), thread.fresh.end(), free);
  if (ready > 0)
    return {*std::find_if(thread.fresh.begin(), thread.fresh.end(), free), LinkHow::SameThread,
            ready > 1 ? 0.8f : 1.0f};
  if (is_free(thread.touched))
    return touched != serving.end() ? served(*touched) : Origin{thread.touched, LinkHow::WakeUp, 0.9f};
  for (const Serving& one : serving)
    if (is_free(one.request)) return served(one);

  auto open = open_.find(thread.pid);
  if (open != open_.end()) {
    const auto idle = std::count_if(open->second.begin(), open->second.end(), free);
    if (idle > 0 && static_cast<size_t>(idle) <= kMostCandidates)
      return {*std::find_if(open->second.rbegin(), open->second.rend(), free), LinkHow::Containment,
              1.0f / static_cast<float>(idle)};
  }

  // All wait: one of them has more than one call under way.
  if (touched != serving.end()) return served(*touched);
  if (!serving.empty())
    return {serving.back().request, LinkHow::Containment, 1.0f / static_cast<float>(serving.size())};
  if (open == open_.end() || open->second.empty() || open->second.size() > kMostCandidates) return {};
  return {open->second.back(), LinkHow::Containment, 1.0f / static_cast<float>(open->second.size())};
}

bool Turns::is_free(uint64_t id) const {
  const Request* request = id == 0 ? nullptr : around_.requests.find(id);
  return request && request->server && request->end_ns == 0 && request->left_ns == 0 && request->calls == 0;
}

void Turns::refresh(Thread& thread, uint64_t request) {
  thread.touched = request;
  const bool known = std::find(thread.fresh.begin(), thread.fresh.end(), request) != thread.fresh.end();
  if (!known && thread.fresh.size() < kMostServing) thread.fresh.push_back(request);
}

void Turns::request_bytes(ConnectionEnd& end, Thread& thread, int64_t time_ns, uint32_t position) {
  RequestSegment& segment = end.segments[end.next_segment++ % end.segments.size()];
  segment = {time_ns, position, thread.tid, 0, LinkHow::None, 1};
  end.request_tid = thread.tid;
  if (!end.server()) {
    const Origin origin = origin_of(thread);
    segment.parent = origin.request;
    segment.how = origin.how;
    segment.confidence = origin.confidence;
  }
  ++end.turn_segments;
  if (end.busy) return;
  end.busy = true;
  end.turn_begin_ns = time_ns;
  end.turn_segments = 1;
  end.current = around_.requests.id_of(end.row.id, time_ns, 0);
  begin_request(end, segment, end.current);
  if (!end.server()) {
    ++thread.calls;
    if (Request* parent = around_.requests.find(segment.parent)) ++parent->calls;
    std::erase(thread.fresh, segment.parent);
    if (end.remote && end.socket_pair == 0) ++thread.remote_calls;
    return;
  }
  std::erase_if(thread.serving, [](const Serving& serving) { return serving.how == LinkHow::WakeUp; });
  thread.call_begun_before = 0;
  if (thread.serving.size() < kMostServing) thread.serving.push_back({end.current, time_ns, LinkHow::SameThread});
  refresh(thread, end.current);
  open_[thread.pid].push_back(end.current);
  around_.processes.at(thread.pid).server_connection = end.row.id;
}

void Turns::reply_bytes(ConnectionEnd& end, Thread& thread, int64_t time_ns) {
  end.reply_tid = thread.tid;
  end.last_reply_ns = time_ns;
  if (end.server() || end.current == 0) return;
  Request* call = around_.requests.find(end.current);
  if (call && call->parent != 0) refresh(thread, call->parent);
}

Request& Turns::begin_request(ConnectionEnd& end, const RequestSegment& segment, uint64_t id) {
  Request& request = around_.requests.begin(id, end.row.id, segment.time_ns);
  request.server = end.server();
  request.tid = segment.tid;
  around_.requests.adopt(request, segment.parent);
  request.how = segment.how;
  request.confidence = segment.confidence;
  find_half(end, request, segment.position);
  return request;
}

void Turns::pair(Request& server, Request& client) {
  around_.requests.adopt(server, client.id);
  server.how = LinkHow::Connection;
  server.confidence = 1;
  server.awaits_caller = false;
  server.pair = client.id;
  client.pair = server.id;
}

// Which of the two comes first is chance: a send's event is made when the call returns, by when the receiver may have
// answered. Whoever comes second finds the first.
void Turns::find_half(ConnectionEnd& end, Request& request, uint32_t position) {
  HalfRequest& own = end.halves[end.next_half++ % end.halves.size()];
  own = {position, request.id};
  auto found = end.socket_pair ? around_.ends.find(end.socket_pair) : around_.ends.end();
  if (found == around_.ends.end()) return;
  ConnectionEnd& other = *found->second;
  request.awaits_caller = request.server;
  request.expects_pair = !request.server;
  if (!(request.server ? end : other).offset_known) return;
  const uint32_t wanted = request.server ? position + end.offset : position - other.offset;
  HalfRequest* half = find_position(other.halves, wanted);
  Request* match = half ? around_.requests.find(half->request) : nullptr;
  if (!match || match->server == request.server) return;
  half->request = 0;
  own.request = 0;
  request.server ? pair(request, *match) : pair(*match, request);
}

// Where positions do not agree (counted from different moments), the call that the caller's end has open when the answer
// has been sent is this one: the caller sends no other before it has the answer.
void Turns::learn_offset(ConnectionEnd& server_end, Request& request) {
  auto found = around_.ends.find(server_end.socket_pair);
  if (found == around_.ends.end() || !found->second->busy) return;
  ConnectionEnd& client_end = *found->second;
  Request* call = around_.requests.find(client_end.current);
  if (!call || call->pair != 0 || call->server) return;
  uint32_t own = 0, callers = 0;
  bool own_known = false, callers_known = false;
  for (HalfRequest& half : server_end.halves)
    if (half.request == request.id) own = half.position, own_known = true, half.request = 0;
  for (HalfRequest& half : client_end.halves)
    if (half.request == call->id) callers = half.position, callers_known = true, half.request = 0;
  if (!own_known || !callers_known) return;
  server_end.offset = callers - own;
  server_end.offset_known = true;
  pair(request, *call);
}

RequestSegment Turns::segment_at(const ConnectionEnd& end, int64_t time_ns) const {
  for (const RequestSegment& segment : end.segments)
    if (segment.time_ns == time_ns) return segment;
  RequestSegment unknown;
  unknown.time_ns = time_ns;
  unknown.tid = end.request_tid;
  return unknown;
}

Request* Turns::request_of(ConnectionEnd& end, const Exchange& exchange) {
  // Several requests in one segment are told apart by their order; more than this came in one only to break us.
  constexpr uint32_t kMostInSegment = 4096;
  if (exchange.begin_ns != end.finished_begin_ns) end.next_ordinal = 0;
  end.finished_begin_ns = exchange.begin_ns;
  while (end.next_ordinal < kMostInSegment) {
    const uint64_t id = around_.requests.id_of(end.row.id, exchange.begin_ns, end.next_ordinal++);
    Request* request = around_.requests.find(id);
    if (!request) {
      request = &begin_request(end, segment_at(end, exchange.begin_ns), id);
      if (request->tid == 0) request->tid = end.reply_tid;
      return request;
    }
    if (!request->span && request->left_ns == 0) return request;
  }
  return nullptr;
}

void Turns::finish(ConnectionEnd& end, Exchange exchange) {
  if ((exchange.flags & kBegunBefore) && !begun_before(end, exchange)) return;
  Request* request = request_of(end, exchange);
  if (!request) {
    around_.outbox.count_unit(LedgerKind::refused, LedgerUnit::Request, 1, "wire", "too many requests in one segment");
    return;
  }
  const int64_t end_ns = std::max(exchange.end_ns, exchange.begin_ns);
  if (request->server && request->awaits_caller) learn_offset(end, *request);
  if (end.server()) {
    Processes::Entry& process = around_.processes.at(end.row.pid);
    const std::string_view text = find_text(exchange.attributes, "db.query.text");
    if (!text.empty())
      Processes::remember(
          process, {exchange.begin_ns, end_ns, around_.texts.number(text), ends_transaction(text), takes_locks(text)});
  }
  if (exchange.flags & kBegunBefore) tie_begun_before(end, *request);
  request->context = exchange.context;
  request->told_ns = end.last_data_ns;
  auto span = std::make_unique<Span>(span_of(end, *request, exchange, end_ns));
  if (span->flags & kUnfinished) around_.outbox.count(LedgerKind::never_ended, 1, span->start_ns, "wire");
  ++end.row.requests;
  ++spans_;
  if (slow(*span) || request->id % 64 == 0) keep_states(*request, end_ns, *span);
  around_.requests.end(*request, std::move(span), end_ns);
  share_name(*request);
}

// Its answer is the first that was seen of it: it was under way all the time since the recording began.
bool Turns::begun_before(ConnectionEnd& end, Exchange& exchange) {
  if (end.requests_begun_before++ == 0) exchange.begin_ns = around_.start_ns;
  const bool server = end.server();
  if (exchange.flags & kOpaque) {
    // Anybody's server may send what nobody asked for; PostgreSQL does not, or next to never.
    const Processes::Entry* process = around_.processes.find(server ? end.row.pid : end.row.peer_pid);
    if (!process || process->row.service != "postgresql") return false;
    exchange.protocol = "postgresql";
    exchange.name = "unknown statement";
    exchange.flags |= kTextUnknown;
    add_attribute(exchange, "db.system.name", std::string("postgresql"));
  }
  if (server && (exchange.flags & kTextUnknown)) ask_text(end.row.pid, exchange);
  return true;
}

// The database was asked (--ask) what its process waits with.
void Turns::ask_text(int32_t pid, Exchange& exchange) const {
  const Processes::Entry* process = around_.processes.find(pid);
  if (!process || process->asked_statement.empty() || exchange.protocol != "postgresql") return;
  // Asked while it was under way: a process has one at a time.
  if (process->asked_last_ns < around_.clock.wall(exchange.begin_ns)) return;
  if (exchange.end_ns != 0 && process->asked_first_ns > around_.clock.wall(exchange.end_ns)) return;
  tell_text(exchange, process->asked_statement);
}

// Of requests under way when recording began nobody saw who sent them, nor what for: who answered one right after the
// answer to another came to the same thread had asked the other on its behalf.
void Turns::tie_begun_before(ConnectionEnd& end, Request& request) {
  Thread* thread = around_.threads.find(end.reply_tid);
  if (!thread) return;
  around_.threads.was_busy(*thread, request.begin_ns, !request.server);
  if (!request.server) {
    if (request.parent == 0) thread->call_begun_before = request.id;
    return;
  }
  Request* call = around_.requests.find(std::exchange(thread->call_begun_before, 0));
  if (!call || call->left_ns != 0 || call->parent != 0) return;
  around_.requests.adopt(*call, request.id);
  call->how = LinkHow::Containment;
  call->confidence = 0.8f;
}

// Where the caller's end has no text (it is encrypted, or sent a name prepared before), the server's own report names both.
void Turns::share_name(const Request& request) {
  const Request* other = around_.requests.find(request.pair);
  if (!other) return;
  const Request& server = request.server ? request : *other;
  const Request& client = request.server ? *other : request;
  if (!server.span || !client.span) return;
  const Attributes& known = server.span->attributes;
  const bool unnamed = (client.span->flags & kOpaque) && !find(client.span->attributes, "db.system.name");
  const bool texted = (client.span->flags & kTextUnknown) && !(server.span->flags & kTextUnknown);
  if (find_text(known, "db.system.name").empty() || !(unnamed || texted)) return;
  client.span->name = server.span->name;
  client.span->flags &= ~uint32_t{kTextUnknown};
  client.span->flags |= server.span->flags & (kTextUnknown | kTextCut | kBatch);
  std::erase_if(client.span->attributes, [](const Attribute& attribute) { return attribute.key.starts_with("db."); });
  for (const Attribute& attribute : known)
    if (attribute.key.starts_with("db.")) client.span->attributes.push_back(attribute);
}

void Turns::release(uint64_t request, int32_t pid) {
  auto open = open_.find(pid);
  if (open == open_.end()) return;
  std::erase(open->second, request);
  if (open->second.empty()) open_.erase(open);
}

void Turns::end_turn(ConnectionEnd& end) {
  if (!end.busy) return;
  end.busy = false;
  Request* request = around_.requests.find(end.current);
  const int32_t tid = request ? request->tid : end.request_tid;
  if (Thread* thread = around_.threads.find(tid); thread && !end.server()) {
    thread->calls = std::max(0, thread->calls - 1);
    thread->remote_calls = std::min(thread->remote_calls, thread->calls);
  }
  Request* parent = request && !end.server() ? around_.requests.find(request->parent) : nullptr;
  if (parent) parent->calls = std::max(0, parent->calls - 1);
  if (end.server()) {
    for (int32_t worker : {tid, request ? request->worker_tid : 0, end.reply_tid}) {
      Thread* thread = around_.threads.find(worker);
      if (!thread) continue;
      std::erase_if(thread->serving, [&](const Serving& serving) { return serving.request == end.current; });
      if (thread->touched == end.current) thread->touched = 0;
      std::erase(thread->fresh, end.current);
    }
    release(end.current, end.row.pid);
  }
  // A greeting or a log-in is no request: it began one, and no exchange came of it.
  if (!end.opaque) around_.requests.drop(end.current);
}

bool Turns::drop_uncalled(const ConnectionEnd& end) {
  const Request* request = around_.requests.find(end.current);
  if (!request || !request->server || !request->awaits_caller) return false;
  around_.outbox.count(LedgerKind::unpaired_edge, 1, around_.clock.wall(request->begin_ns), "wire",
                       "bytes behind an answer, of a protocol that is not known: taken for no request",
                       Evidence::Heuristic);
  around_.requests.drop(end.current);
  return true;
}

void Turns::hand_over(Thread& thread, int32_t waker_tid, int64_t wake_ns) {
  Thread* waker = around_.threads.find(waker_tid);
  if (!waker || waker->pid != thread.pid || waker->serving.empty() || thread.calls > 0) return;
  for (const Serving& serving : thread.serving)
    if (serving.how == LinkHow::SameThread) return;
  const uint64_t id = waker->touched ? waker->touched : waker->serving.back().request;
  Request* request = around_.requests.find(id);
  if (!request || !request->server || request->end_ns != 0) return;
  thread.serving.assign(1, Serving{id, wake_ns, LinkHow::WakeUp});
  thread.touched = id;
  std::erase(waker->fresh, id);
  request->worker_tid = thread.tid;
  request->handed_ns = wake_ns;
}

}  // namespace culprit::capture
