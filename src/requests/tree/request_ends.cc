// The part of RequestTracker that begins and ends requests.
#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "protocol/shared/sql_exchange.h"
#include "requests/tree/peer_matching.h"
#include "requests/tree/request_tracker.h"

namespace culprit::requests {

void RequestTracker::take_events(Endpoint& endpoint, Thread* thread, const Segment* segment) {
  for (const ConversationEvent& event : endpoint.conversation->events()) {
    switch (event.kind) {
      case ConversationEvent::Kind::Begin: begin(endpoint, event, thread, segment); break;
      case ConversationEvent::Kind::Answered:
        if (OpenRequest* open = endpoint.find_open(event.token)) leave_service(endpoint, *open);
        break;
      case ConversationEvent::Kind::End: end(endpoint, event); break;
      case ConversationEvent::Kind::Drop:
        if (OpenRequest* open = endpoint.find_open(event.token)) {
          leave_service(endpoint, *open);
          tree_.drop(open->node);
          std::erase_if(endpoint.open, [&](const OpenRequest& one) { return one.token == event.token; });
        }
        break;
    }
  }
  endpoint.conversation->clear_events();
}

void RequestTracker::begin(Endpoint& endpoint, const ConversationEvent& event, Thread* thread, const Segment* segment) {
  Request& request = tree_.begin(endpoint.id, span_id(endpoint.id, event.token), event.begin_ns);
  request.server = endpoint.server();
  request.pid = endpoint.row.pid;
  request.tid = thread ? thread->tid : endpoint.reply_tid;
  OpenRequest open{event.token, request.id, false};
  const bool asked = thread && segment && endpoint.from(segment->sent) == From::Client;
  Endpoint* peer = endpoints_.peer_of(endpoint);
  if (asked && !request.server) {
    const ParentInference::Parent parent = parents_.parent_of_call(*thread);
    tree_.set_parent(request, parent.request);
    request.how = parent.how;
    request.confidence = parent.confidence;
    parents_.begin_call(request, *thread, endpoint.remote && endpoint.peer == EndpointId::None);
    open.in_service = true;
  }
  match_peer(tree_, endpoint, peer, request, asked ? segment->position + event.offset_bytes : 0);
  // In a protocol with ordered answers, work on a request begins when the previous request has been answered.
  const bool queued =
      !endpoint.conversation->concurrent() && !endpoint.open.empty() && endpoint.open.front().in_service;
  if (asked && request.server && !queued) {
    parents_.begin_service(request, *thread, event.begin_ns);
    open.in_service = true;
  }
  if (request.server) processes_.at(request.pid).server_endpoint = endpoint.id;
  endpoint.open.push_back(open);
}

void RequestTracker::leave_service(Endpoint& endpoint, OpenRequest& open) {
  if (!std::exchange(open.in_service, false)) return;
  Request* request = tree_.find(open.node);
  if (!request) return;
  request->server ? parents_.end_service(*request, endpoint.reply_tid) : parents_.end_call(*request);
}

void RequestTracker::end(Endpoint& endpoint, const ConversationEvent& event) {
  OpenRequest* open = endpoint.find_open(event.token);
  if (!open) return;
  const OpenRequest ended = *open;
  if (Request* request = tree_.find(ended.node)) {
    finish_request(endpoint, *request, std::move(endpoint.conversation->exchange(event)));
    request = tree_.find(ended.node);
    if (request && ended.in_service)
      request->server ? parents_.end_service(*request, endpoint.reply_tid) : parents_.end_call(*request);
    // A lost event is reported when the ring of its CPU has space again. After a recent loss, a request is not emitted
    // at once but waits for such reports.
    if (request && !builder_.lost_lately(request->end_ns))
      tree_.settle_pair(*request, request->end_ns,
                        [&](Request& half, uint64_t parent) { spans_.push_back(builder_.build(half, parent)); });
  }
  if (endpoint.open.front().token == event.token)
    endpoint.open.pop_front();
  else
    std::erase_if(endpoint.open, [&](const OpenRequest& one) { return one.token == event.token; });
  if (!endpoint.server() || endpoint.open.empty() || endpoint.open.front().in_service) return;
  Request* next = tree_.find(endpoint.open.front().node);
  Thread* thread = next ? threads_.find(next->tid) : nullptr;
  if (!thread || next->ended()) return;
  parents_.begin_service(*next, *thread, next->begin_ns);
  endpoint.open.front().in_service = true;
}

// Returns true if the exchange is a request. Otherwise the request is dropped.
bool RequestTracker::is_request(Endpoint& endpoint, Request& request, Exchange& exchange) {
  if ((exchange.flags & kBegunBefore) && !begun_before(endpoint, exchange)) return false;
  // A server's opaque request without an answer is not a request if the recorded caller did not send it at this
  // position. Bytes that follow an answer and are never answered may be the last part of the request.
  const bool uncalled = (exchange.flags & kUnanswered) && (exchange.flags & kOpaque) && request.awaits_caller;
  if (!uncalled) return true;
  ledger_.count(LedgerKind::unpaired_edge, 1, clock_.wall(request.begin_ns), "wire",
                "bytes after an answer, in an unknown protocol: not counted as a request", Evidence::Heuristic);
  return false;
}

void RequestTracker::finish_request(Endpoint& endpoint, Request& request, Exchange exchange) {
  if (!is_request(endpoint, request, exchange)) {
    OpenRequest* open = endpoint.find_open(request.id);
    if (open) leave_service(endpoint, *open);
    return tree_.drop(request.id);
  }
  if ((exchange.flags & kUnanswered) && exchange.status_message.empty()) {
    exchange.status = SpanStatus::Error;
    exchange.status_message = "connection closed";
    ledger_.count(LedgerKind::connection_cut, 1, clock_.wall(exchange.end_ns), "wire");
  }
  if (exchange.flags & kUnfinished) ledger_.count(LedgerKind::never_ended, 1, clock_.wall(exchange.begin_ns), "wire");
  request.begin_ns = exchange.begin_ns;
  const int64_t end_ns = std::max(exchange.end_ns, exchange.begin_ns);
  Endpoint* peer = endpoints_.peer_of(endpoint);
  if (request.server && request.awaits_caller) infer_stream_offset(tree_, endpoint, peer, request);
  if (request.server) remember_statement(exchange, endpoint.row.pid);
  if (exchange.flags & kBegunBefore) tie_begun_before(endpoint, request);
  request.exchange = std::move(exchange);
  request.known_ns = endpoint.last_data_ns;
  request.pid = endpoint.row.pid;
  request.shown_tid = request.server && endpoint.reply_tid != 0 ? endpoint.reply_tid : request.tid;
  if (request.tid == 0) request.tid = endpoint.reply_tid;
  request.server_address = endpoint.server_address;
  ++endpoint.row.requests;
  endpoint.row_changed = true;
  complete(request, end_ns, peer);
  share_name(request);
  finish_parts(endpoint, request);
}

void RequestTracker::complete(Request& request, int64_t end_ns, const Endpoint* peer) {
  request.service = services_.intern(processes_.at(request.pid).info.service);
  ++requests_;
  tree_.end(request, end_ns);
  builder_.measure_waits(request, peer);
  if (builder_.worth_states(request)) builder_.add_states(request, thread_states_);
}

// Makes a request of each statement of a pipeline, as a child of the pipeline's request.
void RequestTracker::finish_parts(const Endpoint& endpoint, Request& whole) {
  uint64_t number = 0;
  for (Exchange& exchange : std::exchange(whole.exchange.parts, {})) {
    Request& part = tree_.begin(whole.endpoint, hash64(++number, whole.span_id), exchange.begin_ns);
    part.server = whole.server;
    part.pid = whole.pid;
    part.tid = whole.tid;
    part.worker_tid = whole.worker_tid;
    part.shown_tid = whole.shown_tid;
    part.known_ns = whole.known_ns;
    part.server_address = whole.server_address;
    part.how = LinkHow::SameThread;
    tree_.set_parent(part, whole.id);
    if (part.server) remember_statement(exchange, part.pid);
    const int64_t end_ns = exchange.end_ns;
    part.exchange = std::move(exchange);
    complete(part, end_ns, endpoints_.peer_of(endpoint));
    whole.parts.push_back(part.id);
  }
  Request* other = tree_.find(whole.pair);
  if (whole.parts.empty() || !other || !other->ended()) return;
  Request& server = whole.server ? whole : *other;
  match_parts(tree_, server, whole.server ? *other : whole);
  if (!server.merged) return;
  for (NodeId id : server.parts)
    if (Request* part = tree_.find(id)) share_name(*part);
}

void RequestTracker::remember_statement(const Exchange& exchange, int32_t pid) {
  const std::string_view text = find_text(exchange.attributes, "db.query.text");
  if (text.empty()) return;
  const TextId id = texts_.intern(text);
  const StatementTraits traits = texts_.traits(id);
  processes_.at(pid).remember({exchange.begin_ns, exchange.end_ns, id, traits.ends_transaction, traits.takes_locks});
}

// The recording saw only the end of this request. The first such request of a connection began when the recording
// began.
bool RequestTracker::begun_before(Endpoint& endpoint, Exchange& exchange) {
  if (endpoint.requests_begun_before++ == 0) exchange.begin_ns = start_ns_;
  const bool server = endpoint.server();
  if (exchange.flags & kOpaque) {
    // A server may send unsolicited bytes in most protocols. PostgreSQL practically never does.
    const ProcessActivity* process = processes_.find(server ? endpoint.row.pid : endpoint.row.peer_pid);
    if (!process || process->info.service != "postgresql") return false;
    exchange.protocol = "postgresql";
    exchange.name = "unknown statement";
    exchange.flags |= kTextUnknown;
    add_attribute(exchange, "db.system.name", std::string("postgresql"));
  }
  if (server && (exchange.flags & kTextUnknown)) add_asked_text(endpoint.row.pid, exchange);
  return true;
}

// Adds the statement text that the database reported for this process (--ask).
void RequestTracker::add_asked_text(int32_t pid, Exchange& exchange) const {
  const ProcessActivity* process = processes_.find(pid);
  if (!process || process->asked_statement.empty() || exchange.protocol != "postgresql") return;
  // The report is valid only if it falls into the request: a backend runs one statement at a time.
  if (process->asked_last_ns < clock_.wall(exchange.begin_ns)) return;
  if (exchange.end_ns != 0 && process->asked_first_ns > clock_.wall(exchange.end_ns)) return;
  set_statement_text(exchange, process->asked_statement);
}

// Infers the parent of a call that was already running when the recording began. If a thread received the answer to a
// call and right afterwards answered a request, that request is the parent of the call.
void RequestTracker::tie_begun_before(const Endpoint& endpoint, Request& request) {
  Thread* thread = threads_.find(endpoint.reply_tid);
  if (!thread) return;
  threads_.was_busy(*thread, request.begin_ns, !request.server, *this);
  if (!request.server) {
    if (request.parent == NodeId::None) thread->call_begun_before = request.id;
    return;
  }
  Request* call = tree_.find(std::exchange(thread->call_begun_before, NodeId::None));
  if (!call || call->emitted_ns != 0 || call->parent != NodeId::None) return;
  tree_.set_parent(*call, request.id);
  call->how = LinkHow::Containment;
  call->confidence = 0.8f;
}

// Copies the statement's name and text from the server's half to the client's half if the client's half has none. This
// is the case for encrypted connections and for statements that were prepared before the recording.
void RequestTracker::share_name(Request& request) {
  Request* other = tree_.find(request.pair);
  if (!other) return;
  const Exchange& known = (request.server ? request : *other).exchange;
  Request& client = request.server ? *other : request;
  Exchange& calling = client.exchange;
  if (!request.ended() || !other->ended() || request.emitted_ns != 0 || other->emitted_ns != 0) return;
  const bool unnamed = (calling.flags & kOpaque) && !find(calling.attributes, "db.system.name");
  const bool texted = (calling.flags & kTextUnknown) && !(known.flags & kTextUnknown);
  if (!(unnamed || texted) || find_text(known.attributes, "db.system.name").empty()) return;
  calling.name = known.name;
  calling.flags &= ~uint32_t{kTextUnknown};
  calling.flags |= known.flags & (kTextUnknown | kTextCut | kBatch);
  std::erase_if(calling.attributes, [](const Attribute& attribute) { return attribute.key.starts_with("db."); });
  for (const Attribute& attribute : known.attributes)
    if (attribute.key.starts_with("db.")) calling.attributes.push_back(attribute);
}

void RequestTracker::finish_standing(StandingRequest standing, int64_t mono_ns) {
  Exchange& exchange = standing.exchange;
  exchange.end_ns = mono_ns;
  add_asked_text(standing.pid, exchange);
  // No socket is known for this request. The id uses an inode number that no socket has.
  const EndpointId none{uint64_t{static_cast<uint32_t>(standing.pid)} << 20 | 0xfffff};
  Request& request = tree_.begin(EndpointId::None, span_id(none, RequestToken{1}), exchange.begin_ns);
  request.server = true;
  request.pid = standing.pid;
  request.tid = request.shown_tid = standing.pid;
  ledger_.count(LedgerKind::text_unknown, (exchange.flags & kTextUnknown) ? 1 : 0, 0, "wire", exchange.protocol);
  ledger_.count(LedgerKind::never_ended, 1, clock_.wall(exchange.begin_ns), "wire");
  request.exchange = std::move(exchange);
  request.service = services_.intern(processes_.at(request.pid).info.service);
  ++requests_;
  tree_.end(request, mono_ns);
  builder_.measure_waits(request, nullptr);
  builder_.add_states(request, thread_states_);
}

}  // namespace culprit::requests
