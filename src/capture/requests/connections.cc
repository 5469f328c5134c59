#include "capture/requests/connections.h"

#include <algorithm>
#include <utility>

namespace culprit::capture {
namespace {

// A protocol shows itself in its first messages; a dialogue that has not by then is none that we know.
constexpr uint32_t kMostUnrecognised = 8;
// Nor has one whose caller has sent so much at once: every request that we know shows itself in less. (Of answers the recording
// may have begun in the middle.)
constexpr size_t kEnoughUnrecognised = 64;
constexpr size_t kMostKeptBytes = 16 << 10;
// Requests carry what we are after: a statement, a request line and its headers. Of answers the first message tells the
// outcome and the last 64 bytes the end.
constexpr CapturePolicy kRequestPolicy = {.head_bytes = 4096, .tail_bytes = 64};
constexpr CapturePolicy kReplyPolicy = {.head_bytes = 512, .tail_bytes = 64};
// Connections beyond this are counted and not parsed; about 4 KB each.
constexpr size_t kMostEnds = 65'536;
// In the place of a socket: more than one end has these addresses and ports.
constexpr uint64_t kAmbiguous = ~0ull;

int64_t time_of(const event_header& header) { return static_cast<int64_t>(header.time_ns); }

// When the bytes had come, or began to leave.
int64_t moved_at(const event_data& event) { return time_of(event.header) - int64_t{event.left_before} * LEFT_UNIT_NS; }

}  // namespace

Connections::Connections(Surroundings around, Turns& turns, HostView& view, Protocols protocols, SetCapture set_capture,
                         int32_t own_pid)
    : around_(around),
      turns_(turns),
      view_(view),
      protocols_(std::move(protocols)),
      set_capture_(std::move(set_capture)),
      own_pid_(own_pid) {
  for (uint16_t port : view_.listening_ports()) listening_.insert(port);
}

ConnectionEnd* Connections::find(uint64_t socket) const {
  auto found = around_.ends.find(socket);
  return found == around_.ends.end() ? nullptr : found->second.get();
}

// Whether its other end is known, and open.
bool Connections::paired(uint64_t socket) const {
  const ConnectionEnd* end = find(socket);
  const ConnectionEnd* other = end ? find(end->socket_pair) : nullptr;
  return other && other->row.closed_ns == 0;
}

ConnectionEnd& Connections::at(uint64_t socket, const event_header& header) {
  std::unique_ptr<ConnectionEnd>& place = around_.ends[socket];
  if (!place) {
    place = std::make_unique<ConnectionEnd>();
    place->row.id = socket;
    place->row.pid = static_cast<int32_t>(header.pid);
    place->ignored = around_.ends.size() > kMostEnds;
    if (place->ignored)
      around_.outbox.count_unit(LedgerKind::map_full, LedgerUnit::Connection, 1, "reader", "connections");
    around_.processes.at(place->row.pid);
  }
  return *place;
}

void Connections::on_socket(const event_socket& event) {
  ConnectionEnd& end = at(event.socket, event.header);
  const bool ignored = end.ignored, own = static_cast<int32_t>(event.header.pid) == own_pid_;
  describe(end, event);
  end.ignored |= ignored || own;
  end.row_dirty = true;
  if (end.ignored && !own) {
    set_capture_(event.socket, {}, {});
    return;
  }
  if (const TcpKeys keys = tcp_keys(event); keys.own != 0) {
    uint64_t& place = tcp_ends_[keys.own];
    // Two networks may have the same addresses and ports: then neither end is paired, for which one is meant can't be told.
    const ConnectionEnd* namesake = place == event.socket ? nullptr : find(place);
    const bool ambiguous = place == kAmbiguous || (namesake && namesake->row.closed_ns == 0 &&
                                                   namesake->network_namespace != event.network_namespace);
    place = ambiguous ? kAmbiguous : event.socket;
    auto other = tcp_ends_.find(keys.mirrored);
    if (other != tcp_ends_.end() && !ambiguous && !paired(other->second)) end.socket_pair = other->second;
  }
  if (ConnectionEnd* other = find(end.socket_pair)) {
    other->socket_pair = event.socket;
    for (auto [a, b] : {std::pair{&end, other}, std::pair{other, &end}}) {
      if (b->row.pid == own_pid_) leave_out(*a);
      a->row.peer_id = b->row.id;
      a->row.peer_pid = b->row.pid;
      a->row_dirty = true;
    }
  }
}

// What we ask is not what we came to see.
void Connections::leave_out(ConnectionEnd& end) {
  end.ignored = true;
  end.row.protocol = "left out";
  end.conversation.reset();
  set_capture_(end.row.id, {}, {});
}

void Connections::on_data(const event_data& event) {
  if (event.flags & DATA_DATAGRAM) {  // no connection: it only tells what its receiver waited for
    Thread& receiver =
        around_.threads.at(static_cast<int32_t>(event.header.tid), static_cast<int32_t>(event.header.pid));
    receiver.last_event_ns = time_of(event.header);
    if (!(event.flags & DATA_SENT)) around_.threads.on_bytes(receiver);
    return;
  }
  if (!latest_ || latest_->row.id != event.socket) latest_ = &at(event.socket, event.header);
  ConnectionEnd& end = *latest_;
  const bool sent = event.flags & DATA_SENT;
  (sent ? end.row.bytes_sent : end.row.bytes_received) += event.length_bytes;
  const auto pid = static_cast<int32_t>(event.header.pid), tid = static_cast<int32_t>(event.header.tid);
  Thread& thread = around_.threads.at(tid, pid);
  thread.last_event_ns = time_of(event.header);
  if (!sent) around_.threads.on_bytes(thread);
  if (end.ignored || event.length_bytes == 0) return;
  if (end.row.pid != pid) {  // accepted by the parent, served by its child
    end.row.pid = pid;
    end.row_dirty = true;
    if (ConnectionEnd* other = find(end.socket_pair)) other->row.peer_pid = pid, other->row_dirty = true;
  }
  end.last_data_ns = moved_at(event);
  const Place place = place_in_stream(end, event);
  if (event.flags & DATA_READ_FAULT)
    around_.outbox.count(LedgerKind::read_fault, 1, around_.clock.wall(end.last_data_ns), "kernel");
  if (place.missing_bytes != 0) {
    end.row.lost_bytes += place.missing_bytes;
    if (end.conversation) end.conversation->hole(end.from(sent), end.last_data_ns, place.missing_bytes);
  }
  const size_t room = event.header.size_bytes - sizeof event;
  const size_t head_size = std::min<size_t>(event.head_bytes, room);
  const std::string_view head(payload_of(event), head_size);
  const std::string_view tail(payload_of(event) + head_size, std::min<size_t>(event.tail_bytes, room - head_size));
  KeptSegment segment{sent, end.last_data_ns, tid, place.position, event.length_bytes, {}, {}};
  if (end.conversation) {
    feed(end, thread, segment, head, tail);
    return;
  }
  segment.head = head;
  segment.tail = tail;
  recognise(end, segment);
}

void Connections::recognise(ConnectionEnd& end, const KeptSegment& segment) {
  if (end.kept_sent < 0) end.kept_sent = segment.sent ? 1 : 0;
  const Recognised recognised = protocols_.recognise(segment.head);
  size_t kept_bytes = segment.head.size();
  for (const KeptSegment& kept : end.kept) kept_bytes += kept.head.size();
  if (kept_bytes <= kMostKeptBytes) end.kept.push_back(segment);
  if (!recognised.protocol.empty()) {
    end.role = segment.sent == (recognised.from == From::Client) ? Role::Client : Role::Server;
    // Of TLS records only a handshake tells who is who; ports know better where they know.
    if (recognised.protocol == "tls")
      if (const Role by_port = role_by_port(end); by_port != Role::Unknown) end.role = by_port;
    speak(end, recognised.protocol);
    return;
  }
  size_t one_way = 0;
  for (const KeptSegment& kept : end.kept) one_way = kept.sent == segment.sent ? one_way + kept.length_bytes : 0;
  const bool asked = one_way >= kEnoughUnrecognised &&
                     (end.row.transport == "unix" || role_by_port(end) == (segment.sent ? Role::Client : Role::Server));
  if (++end.segments_unrecognised >= kMostUnrecognised || asked) give_up(end);
}

Role Connections::role_by_port(const ConnectionEnd& end) {
  // Another server may have begun to listen since.
  constexpr int64_t kReadAgain = 1'000'000'000;
  if (end.row.transport != "tcp") return Role::Unknown;
  for (int again = 0; again < 2; ++again) {
    const bool local = listening_.contains(end.local_port), peer = listening_.contains(end.peer_port);
    if (local != peer) return local ? Role::Server : Role::Client;
    if (local || end.last_data_ns - listening_read_ns_ < kReadAgain) break;
    listening_read_ns_ = end.last_data_ns;
    for (uint16_t port : view_.listening_ports()) listening_.insert(port);
  }
  if (const ConnectionEnd* other = find(end.socket_pair); other && other->role != Role::Unknown)
    return other->server() ? Role::Client : Role::Server;
  // A port below the ephemeral range (ip_local_port_range's default) is somebody's to listen on.
  constexpr uint16_t kEphemeral = 32'768;
  if ((end.local_port < kEphemeral) != (end.peer_port < kEphemeral))
    return end.local_port < kEphemeral ? Role::Server : Role::Client;
  return Role::Unknown;
}

void Connections::speak(ConnectionEnd& end, std::string_view protocol) {
  end.conversation = protocols_.make(protocol);
  if (!end.conversation) {
    end.ignored = true;
    return;
  }
  end.opaque = protocol.empty() || protocol == "tls";
  end.row.protocol = protocol.empty() ? "unknown" : protocol;
  end.row.encrypted = protocol == "tls";
  end.row.server = end.server();
  end.row_dirty = true;
  if (end.row.encrypted) around_.outbox.count(LedgerKind::tls_blind, 1, 0, "wire");
  const CapturePolicy requests = end.opaque ? CapturePolicy{} : kRequestPolicy;
  const CapturePolicy replies = end.opaque ? CapturePolicy{} : kReplyPolicy;
  set_capture_(end.row.id, end.server() ? replies : requests, end.server() ? requests : replies);
  replay(end);
}

void Connections::give_up(ConnectionEnd& end) {
  end.role = role_by_port(end);
  // Of a Unix socket nobody tells who listens; who speaks first asks.
  if (end.row.transport == "unix") {
    end.role = end.kept_sent == 1 ? Role::Client : Role::Server;
    end.offset_known = true;  // 0: mostly both ends are seen from the first byte, and of opaque turns it is not learnt
  }
  if (end.role != Role::Unknown) {
    speak(end, "");
    return;
  }
  end.ignored = true;
  end.row.protocol = "unknown";
  end.kept.clear();
  set_capture_(end.row.id, {}, {});
}

void Connections::replay(ConnectionEnd& end) {
  const std::vector<KeptSegment> kept = std::exchange(end.kept, {});
  for (const KeptSegment& segment : kept)
    feed(end, around_.threads.at(segment.tid, end.row.pid), segment, segment.head, segment.tail);
}

void Connections::feed(ConnectionEnd& end, Thread& thread, const KeptSegment& segment, std::string_view head,
                       std::string_view tail) {
  const From from = end.from(segment.sent);
  if (from == From::Client)
    turns_.request_bytes(end, thread, segment.time_ns, segment.position);
  else
    turns_.reply_bytes(end, thread, segment.time_ns);
  end.conversation->feed(from, segment.time_ns, head, tail, segment.length_bytes);
  take_finished(end);
  if (end.opaque && from == From::Server) turns_.end_turn(end);
}

void Connections::take_finished(ConnectionEnd& end) {
  std::vector<Exchange> finished = end.conversation->take_finished();
  if (finished.empty()) return;
  const size_t n = finished.size();
  for (Exchange& exchange : finished) turns_.finish(end, std::move(exchange));
  if (end.opaque || !end.busy) return;
  // One piece, one request, one answer; only where more pieces came can there be a request behind the one answered.
  if (end.turn_segments > n && !end.conversation->open().empty()) return;
  turns_.end_turn(end);
}

void Connections::finish_open(ConnectionEnd& end, int64_t now_ns, bool closed) {
  if (!end.conversation) return;
  for (Exchange& exchange : end.conversation->open()) {
    const bool answered = end.opaque && !end.busy && end.last_reply_ns >= exchange.begin_ns;
    // What comes after the answer and is never answered may be the last part of the request.
    if (!answered && closed && end.opaque && turns_.drop_uncalled(end)) continue;
    exchange.end_ns = answered ? end.last_reply_ns : now_ns;
    if (answered) exchange.flags &= ~uint32_t{kUnfinished};
    if (!answered && closed) {
      exchange.flags = (exchange.flags & ~uint32_t{kUnfinished}) | kUnanswered;
      exchange.status = SpanStatus::Error;
      if (exchange.status_message.empty()) exchange.status_message = "connection closed";
      around_.outbox.count(LedgerKind::connection_cut, 1, around_.clock.wall(now_ns), "wire");
    } else if (!answered) {
      exchange.flags |= kUnfinished;
    }
    turns_.finish(end, std::move(exchange));
  }
  turns_.end_turn(end);
}

void Connections::on_end(const event_socket_end& event) {
  ConnectionEnd* end = find(event.socket);
  if (!end || end->row.closed_ns != 0) return;
  const int64_t now_ns = time_of(event.header);
  finish_open(*end, now_ns, true);
  add_counts(*end);
  end->row.closed_ns = around_.clock.wall(now_ns);
  end->row_dirty = true;
  end->conversation.reset();
  end->ignored = true;
  closed_.push_back(event.socket);
}

void Connections::on_retransmit(const event_retransmit& event) {
  ConnectionEnd* end = find(event.socket);
  if (!end) return;
  ++end->row.retransmits;
  end->row_dirty = true;
}

void Connections::on_report(const event_report& event) {
  if (event.text_bytes == 0) return;
  const Processes::Entry* process = around_.processes.find(static_cast<int32_t>(event.header.pid));
  ConnectionEnd* end = process ? find(process->server_connection) : nullptr;
  if (!end || !end->conversation) return;
  const size_t room = event.header.size_bytes - sizeof event;
  const std::string_view text(payload_of(event), std::min<size_t>(event.text_bytes, room));
  end->conversation->told_text(time_of(event.header), text, event.cut != 0);
  take_finished(*end);
}

void Connections::on_lost_data(int64_t time_ns) {
  // TCP's numbers show their own holes, and exactly. Where there are none, any connection that spoke lately may lack bytes.
  constexpr int64_t kLately = 10'000'000'000;
  for (auto& [socket, end] : around_.ends) {
    if (!end->conversation || end->sequence_known[0] || end->sequence_known[1]) continue;
    if (time_ns - end->last_data_ns > kLately) continue;
    end->offset_known = false;
    end->conversation->hole(From::Client, time_ns, 0);
    end->conversation->hole(From::Server, time_ns, 0);
    take_finished(*end);
  }
}

void Connections::finish(int64_t now_ns) {
  for (auto& [socket, end] : around_.ends) finish_open(*end, now_ns, false);
}

Ran Connections::current_statement(const Processes::Entry& process) const {
  const ConnectionEnd* end = find(process.server_connection);
  if (!end || !end->conversation || !end->busy) return {};
  const std::vector<Exchange> open = end->conversation->open();
  if (open.empty()) return {};
  const std::string_view text = find_text(open.back().attributes, "db.query.text");
  return {open.back().begin_ns, INT64_MAX, around_.texts.number(text), ends_transaction(text)};
}

void Connections::add_counts(ConnectionEnd& end) {
  if (!end.conversation) return;
  const ConversationCounts counts = end.conversation->take_counts();
  Outbox& outbox = around_.outbox;
  const int64_t now_ns = around_.clock.wall(end.last_data_ns);
  const std::string_view protocol = end.row.protocol;
  outbox.count(LedgerKind::proto_resync, static_cast<int64_t>(counts.resyncs), now_ns, "wire", protocol);
  outbox.count_unit(LedgerKind::malformed, LedgerUnit::Request, static_cast<int64_t>(counts.malformed), "wire",
                    protocol);
  outbox.count(LedgerKind::text_unknown, static_cast<int64_t>(counts.text_unknown), now_ns, "wire", protocol);
  outbox.count(LedgerKind::truncated, static_cast<int64_t>(counts.truncated), now_ns, "wire", protocol);
  outbox.count(LedgerKind::redacted, static_cast<int64_t>(counts.redacted), now_ns, "wire", protocol);
  outbox.count(LedgerKind::bad_utf8, static_cast<int64_t>(counts.bad_utf8), now_ns, "wire", protocol);
}

void Connections::count_conversations() {
  for (auto& [socket, end] : around_.ends) add_counts(*end);
}

std::vector<Connection> Connections::take_changed(bool all) {
  std::vector<Connection> rows = std::exchange(closed_rows_, {});
  for (auto& [socket, end] : around_.ends) {
    if (end->row.transport.empty() || (!end->row_dirty && !all)) continue;
    end->row_dirty = false;
    rows.push_back(end->row);
  }
  std::sort(rows.begin(), rows.end(), [](const Connection& a, const Connection& b) { return a.id < b.id; });
  return rows;
}

void Connections::forget_closed() {
  for (uint64_t socket : std::exchange(closed_, {})) {
    auto found = around_.ends.find(socket);
    if (found == around_.ends.end()) continue;
    closed_rows_.push_back(found->second->row);
    if (latest_ == found->second.get()) latest_ = nullptr;
    around_.ends.erase(found);
  }
  if (tcp_ends_.size() > 2 * kMostEnds) std::erase_if(tcp_ends_, [&](const auto& item) { return !find(item.second); });
}

}  // namespace culprit::capture
