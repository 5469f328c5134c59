#include "requests/streams/endpoint_table.h"

#include <algorithm>
#include <utility>

namespace culprit::requests {
namespace {

// A known protocol is recognised within its first messages. A connection that was not recognised after 8 segments has
// an unknown protocol.
constexpr uint32_t kMostUnrecognised = 8;
// A client that sent 64 bytes without an answer has an unknown protocol as well: a request of a known protocol is
// recognised in fewer bytes. The limit does not apply to answers, because the recording may have begun in the middle of
// one.
constexpr size_t kEnoughUnrecognised = 64;
constexpr size_t kMostKeptBytes = 16 << 10;
// A row with changed counters is written again after 10 s, then after 20 s, 40 s and so on, and when its end is closed.
constexpr int64_t kFirstRefresh = 10'000'000'000;

}  // namespace

EndpointTable::EndpointTable(EndpointOptions options, HostFacts& host, const WallClock& clock, LedgerCounts& ledger)
    : options_(options), host_(host), clock_(clock), ledger_(ledger), protocols_(options.protocols) {
  for (uint16_t port : host_.listening_ports()) listening_.insert(port);
}

Endpoint* EndpointTable::find(EndpointId id) {
  auto found = endpoints_.find(id);
  return found == endpoints_.end() ? nullptr : found->second.get();
}

const Endpoint* EndpointTable::find(EndpointId id) const {
  auto found = endpoints_.find(id);
  return found == endpoints_.end() ? nullptr : found->second.get();
}

// Returns true if the peer of this end is known and open.
bool EndpointTable::paired(EndpointId id) const {
  const Endpoint* endpoint = find(id);
  const Endpoint* other = endpoint ? find(endpoint->peer) : nullptr;
  return other && other->row.closed_ns == 0;
}

Endpoint* EndpointTable::to_make_room() {
  if (endpoints_.size() < options_.most_ends) return nullptr;
  // Ends with a known protocol are removed last.
  auto age = [](const Endpoint& endpoint) {
    return std::pair(endpoint.conversation != nullptr, endpoint.last_data_ns);
  };
  const std::optional<EndpointId> id = idle_.next(
      [&](EndpointId one) {
        const Endpoint* endpoint = find(one);
        return endpoint ? std::optional(age(*endpoint)) : std::nullopt;
      },
      [&] {
        std::vector<std::pair<std::pair<bool, int64_t>, EndpointId>> all;
        all.reserve(endpoints_.size());
        for (const auto& [one, endpoint] : endpoints_) all.emplace_back(age(*endpoint), one);
        return all;
      });
  return id ? find(*id) : nullptr;
}

Endpoint& EndpointTable::at(EndpointId id, int32_t pid) {
  if (latest_ && latest_->id == id) return *latest_;
  std::unique_ptr<Endpoint>& place = endpoints_[id];
  if (!place) {
    place = std::make_unique<Endpoint>();
    place->id = id;
    place->row.id = static_cast<uint64_t>(id);
    place->row.pid = pid;
  }
  latest_ = place.get();
  return *place;
}

Endpoint& EndpointTable::open(const StreamInfo& info) {
  Endpoint& endpoint = at(info.id, info.pid);
  const bool own = info.pid == options_.own_pid;
  describe(endpoint, info);
  endpoint.last_data_ns = std::max(endpoint.last_data_ns, info.time_ns);
  endpoint.ignored |= own;
  endpoint.row_changed = true;
  if (endpoint.ignored && !own) {
    set_capture(endpoint, {});
    return endpoint;
  }
  find_tcp_peer(endpoint, info);
  connect(endpoint, endpoint.peer);
  return endpoint;
}

// Ends in two networks may have the same addresses and ports. The right end cannot be determined, so none of them is
// paired.
void EndpointTable::find_tcp_peer(Endpoint& endpoint, const StreamInfo& info) {
  const TcpKeys keys = tcp_keys(info);
  if (keys.own == 0) return;
  if (endpoint.tcp_key != 0 && endpoint.tcp_key != keys.own) leave_tcp_end(endpoint);
  TcpEnd& own = tcp_ends_[keys.own];
  if (endpoint.tcp_key == 0) ++own.ends;
  endpoint.tcp_key = keys.own;
  const Endpoint* namesake = own.latest == info.id ? nullptr : find(own.latest);
  own.ambiguous |= namesake && namesake->row.closed_ns == 0 && namesake->network_namespace != info.network_namespace;
  own.latest = info.id;
  auto other = tcp_ends_.find(keys.mirrored);
  if (other == tcp_ends_.end() || own.ambiguous || other->second.ambiguous) return;
  const bool itself = other->second.latest == info.id;  // a TCP socket can be connected to itself
  if (!itself && !paired(other->second.latest)) endpoint.peer = other->second.latest;
}

void EndpointTable::leave_tcp_end(Endpoint& endpoint) {
  auto place = tcp_ends_.find(std::exchange(endpoint.tcp_key, 0));
  if (place != tcp_ends_.end() && --place->second.ends == 0) tcp_ends_.erase(place);
}

void EndpointTable::connect(Endpoint& endpoint, EndpointId peer) {
  Endpoint* other = find(peer);
  if (!other) return;
  other->peer = endpoint.id;
  for (auto [a, b] : {std::pair{&endpoint, other}, std::pair{other, &endpoint}}) {
    if (b->row.pid == options_.own_pid) leave_out(*a);
    a->row.peer_id = b->row.id;
    a->row.peer_pid = b->row.pid;
    a->row_changed = true;
  }
}

// Ignores a connection of the recorder: its own queries must not appear in the recording.
void EndpointTable::leave_out(Endpoint& endpoint) {
  endpoint.ignored = true;
  endpoint.row.protocol = "left out";
  endpoint.conversation.reset();
  endpoint.open.clear();
  set_capture(endpoint, {});
}

void EndpointTable::set_capture(Endpoint& endpoint, const CapturePolicies& policies) {
  endpoint.captured = policies;
  const bool server = endpoint.server();
  changes_.push_back(
      {endpoint.id, server ? policies.replies : policies.requests, server ? policies.requests : policies.replies});
}

void EndpointTable::update_capture(Endpoint& endpoint) {
  const CapturePolicies wanted = endpoint.conversation->capture_policies();
  if (wanted != endpoint.captured) set_capture(endpoint, wanted);
}

bool EndpointTable::recognise(Endpoint& endpoint, KeptSegment segment) {
  if (endpoint.first_sent < 0) endpoint.first_sent = segment.sent ? 1 : 0;
  const bool sent = segment.sent;
  const Recognised recognised = protocols_.recognise(segment.head);
  size_t kept_bytes = segment.head.size();
  for (const KeptSegment& kept : endpoint.kept) kept_bytes += kept.head.size();
  if (kept_bytes <= kMostKeptBytes) endpoint.kept.push_back(std::move(segment));
  if (!recognised.protocol.empty()) {
    endpoint.role = sent == (recognised.from == From::Client) ? Role::Client : Role::Server;
    // In TLS, only handshake records show the roles. If the ports show the roles, the ports decide.
    if (recognised.protocol == "tls")
      if (const Role by_port = role_by_port(endpoint); by_port != Role::Unknown) endpoint.role = by_port;
    speak(endpoint, recognised.protocol);
    return !endpoint.ignored;
  }
  size_t one_way = 0;
  for (const KeptSegment& kept : endpoint.kept) one_way = kept.sent == sent ? one_way + kept.length_bytes : 0;
  const bool asked = one_way >= kEnoughUnrecognised && (endpoint.transport == Transport::Unix ||
                                                        role_by_port(endpoint) == (sent ? Role::Client : Role::Server));
  if (++endpoint.segments_unrecognised < kMostUnrecognised && !asked) return false;
  give_up(endpoint);
  return !endpoint.ignored;
}

Role EndpointTable::role_by_port(const Endpoint& endpoint) {
  // A server may have begun to listen since the ports were last read.
  constexpr int64_t kReadAgain = 1'000'000'000;
  if (endpoint.transport != Transport::Tcp) return Role::Unknown;
  for (int again = 0; again < 2; ++again) {
    const bool local = listening_.contains(endpoint.local_port), peer = listening_.contains(endpoint.peer_port);
    if (local != peer) return local ? Role::Server : Role::Client;
    if (local || endpoint.last_data_ns - listening_read_ns_ < kReadAgain) break;
    listening_read_ns_ = endpoint.last_data_ns;
    for (uint16_t port : host_.listening_ports()) listening_.insert(port);
  }
  if (const Endpoint* other = peer_of(endpoint); other && other->role != Role::Unknown)
    return other->server() ? Role::Client : Role::Server;
  // A port below the ephemeral range (default of ip_local_port_range) is a port that a server listens on.
  constexpr uint16_t kEphemeral = 32'768;
  if ((endpoint.local_port < kEphemeral) != (endpoint.peer_port < kEphemeral))
    return endpoint.local_port < kEphemeral ? Role::Server : Role::Client;
  return Role::Unknown;
}

void EndpointTable::speak(Endpoint& endpoint, std::string_view protocol) {
  endpoint.conversation = protocols_.make(protocol);
  if (!endpoint.conversation) {
    endpoint.ignored = true;
    return;
  }
  endpoint.row.protocol = protocol;
  endpoint.row.encrypted = protocol == "tls";
  endpoint.row.server = endpoint.server();
  endpoint.row_changed = true;
  if (endpoint.row.encrypted) ledger_.count(LedgerKind::tls_blind, 1, 0, "wire");
  auto address = std::make_shared<ServerAddress>();
  if (endpoint.transport == Transport::Unix) *address = {unix_path(endpoint), "unix", 0};
  if (endpoint.transport == Transport::Tcp)
    *address = {endpoint.server() ? endpoint.local_host : endpoint.peer_host, "tcp",
                endpoint.server() ? endpoint.local_port : endpoint.peer_port};
  endpoint.server_address = std::move(address);
  set_capture(endpoint, endpoint.conversation->capture_policies());
}

void EndpointTable::hand_over(Endpoint& endpoint, std::string_view protocol) {
  add_counts(endpoint);
  endpoint.conversation = protocols_.make(protocol);
  if (!endpoint.conversation) {
    endpoint.ignored = true;
    return set_capture(endpoint, {});
  }
  update_capture(endpoint);
}

void EndpointTable::give_up(Endpoint& endpoint) {
  endpoint.role = role_by_port(endpoint);
  // Which end of a Unix socket listens is not known. The end that sent first is taken for the client.
  if (endpoint.transport == Transport::Unix) {
    endpoint.role = endpoint.first_sent == 1 ? Role::Client : Role::Server;
    // taken to be 0: both ends are usually seen from the first byte
    endpoint.offset_known = true;
  }
  if (endpoint.role != Role::Unknown) return speak(endpoint, "unknown");
  endpoint.ignored = true;
  endpoint.row.protocol = "unknown";
  endpoint.kept = {};
  set_capture(endpoint, {});
}

void EndpointTable::add_counts(Endpoint& endpoint) {
  if (!endpoint.conversation) return;
  const ConversationCounts counts = endpoint.conversation->take_counts();
  const int64_t now_ns = clock_.wall(endpoint.last_data_ns);
  const std::string_view protocol = endpoint.row.protocol;
  auto count = [&](LedgerKind kind, uint64_t n) {
    ledger_.count(kind, static_cast<int64_t>(n), now_ns, "wire", protocol);
  };
  count(LedgerKind::proto_resync, counts.resyncs);
  count(LedgerKind::text_unknown, counts.text_unknown);
  count(LedgerKind::truncated, counts.truncated);
  count(LedgerKind::redacted, counts.redacted);
  count(LedgerKind::bad_utf8, counts.bad_utf8);
  count(LedgerKind::stream_gap, counts.gap_requests);
  ledger_.count(LedgerKind::evicted, static_cast<int64_t>(counts.evicted_names), now_ns, "wire",
                "names of prepared statements and portals");
  ledger_.count(LedgerKind::evicted, static_cast<int64_t>(counts.evicted_messages), now_ns, "wire",
                "messages of long pipelines");
  ledger_.count_unit(LedgerKind::malformed, LedgerUnit::Request, static_cast<int64_t>(counts.malformed), "wire",
                     protocol);
}

void EndpointTable::count_without_row(const Endpoint& endpoint) {
  if (!endpoint.described || endpoint.row.pid == options_.own_pid) return;
  const std::string_view kind = endpoint.transport == Transport::Tcp    ? "tcp"
                                : endpoint.transport == Transport::Unix ? "unix"
                                                                        : "other";
  ledger_.count(LedgerKind::no_requests, 1, 0, "wire", kind);
}

void EndpointTable::close(Endpoint& endpoint, int64_t time_ns) {
  add_counts(endpoint);
  endpoint.row.closed_ns = clock_.wall(time_ns);
  endpoint.row_changed = true;
  endpoint.conversation.reset();
  endpoint.ignored = true;
  closed_.emplace_back(time_ns, endpoint.id);
}

void EndpointTable::forget_closed(int64_t before_ns) {
  while (!closed_.empty() && closed_.front().first < before_ns) {
    if (Endpoint* endpoint = find(closed_.front().second)) forget(*endpoint);
    closed_.pop_front();
  }
}

void EndpointTable::forget(Endpoint& endpoint) {
  if (!endpoint.row.transport.empty() && endpoint.row.requests > 0)
    closed_rows_.push_back(std::move(endpoint.row));
  else
    count_without_row(endpoint);
  leave_tcp_end(endpoint);
  if (latest_ == &endpoint) latest_ = nullptr;
  endpoints_.erase(endpoint.id);
}

std::vector<Connection> EndpointTable::take_rows(int64_t now_ns, bool all) {
  std::vector<Connection> rows = std::exchange(closed_rows_, {});
  for (auto& [id, endpoint] : endpoints_) {
    if (endpoint->row.transport.empty()) continue;
    if (endpoint->row.requests == 0) {
      if (all) count_without_row(*endpoint);
      continue;
    }
    if (!all && (!endpoint->row_changed || now_ns < endpoint->row_due_ns)) continue;
    endpoint->row_every_ns = endpoint->row_every_ns == 0 ? kFirstRefresh : endpoint->row_every_ns * 2;
    endpoint->row_due_ns = now_ns + endpoint->row_every_ns;
    endpoint->row_changed = false;
    rows.push_back(endpoint->row);
  }
  std::sort(rows.begin(), rows.end(), [](const Connection& a, const Connection& b) { return a.id < b.id; });
  return rows;
}

}  // namespace culprit::requests
