// Endpoint: one end of a connection as one process uses it: what it speaks, which role it has, how far it is.
//
//   first bytes ──▶ kept (≤ 8 segments) ──▶ recognised ──▶ conversation ──▶ requests
//                                      └──▶ given up: turns where the role is known, else nothing
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/record.h"
#include "protocol/interface/conversation.h"
#include "requests/input/node_id.h"
#include "requests/input/stream.h"

namespace culprit::requests {

// Bytes that came before the protocol was known.
struct KeptSegment {
  bool sent = false;
  int64_t moved_ns = 0;
  int32_t tid = 0;
  uint32_t position = 0;
  uint32_t length_bytes = 0;
  std::string head, tail;
};

// Where a segment stands in its direction.
struct StreamPosition {
  uint32_t position = 0;       // of its first byte: TCP's sequence number, else bytes counted
  uint32_t missing_bytes = 0;  // before it, by TCP's own numbers
};

// A request of this end, by where it begins in the request direction.
struct RequestPosition {
  uint32_t position = 0;
  NodeId request = NodeId::None;  // None: this place is free
};

// A request that has begun and not ended.
struct OpenRequest {
  RequestToken token = RequestToken::None;
  NodeId node = NodeId::None;
  bool in_service = false;  // counted with its thread
};

enum class Role : uint8_t { Unknown, Client, Server };

// Where the server of a connection is, as spans say it. Shared by the requests of one end.
struct ServerAddress {
  std::string address, transport;
  uint16_t port = 0;
};

struct Endpoint {
  EndpointId id = EndpointId::None;
  Connection row;
  Role role = Role::Unknown;
  bool ignored = false;    // datagrams, the recorder's own, or its protocol and role are not known
  bool described = false;  // StreamInfo came
  bool remote = false;     // the other end is on another machine
  Transport transport = Transport::Other;
  uint16_t local_port = 0, peer_port = 0;
  std::string peer_host;  // without port
  std::string local_host;
  uint32_t network_namespace = 0;
  EndpointId peer = EndpointId::None;  // the other end where it is recorded; None: not (yet)
  uint64_t tcp_key = 0;                // under which it is found by its other end
  std::shared_ptr<const ServerAddress> server_address;

  std::unique_ptr<Conversation> conversation;
  CapturePolicies captured;  // as last asked for
  std::vector<KeptSegment> kept;
  uint32_t segments_unrecognised = 0;
  int first_sent = -1;  // which end spoke first: 1 this one, 0 the other

  std::deque<OpenRequest> open;  // in order of begin
  uint32_t requests_begun_before = 0;
  int32_t reply_tid = 0;
  int64_t last_data_ns = 0;

  // To find the other end's half: client: its last requests; server: those that have no caller yet.
  std::array<RequestPosition, 64> positions;
  uint32_t next_position = 0;
  uint32_t offset = 0;        // server: caller's position - own position
  bool offset_known = false;  // TCP's numbers are the same at both ends; counted bytes begin anywhere

  // By direction: [0] received, [1] sent.
  uint32_t expected_sequence[2] = {}, counted[2] = {};
  bool sequence_known[2] = {};

  // Its row: written when its first request begins, when it ends, and in between ever more rarely.
  bool row_changed = true;
  int64_t row_due_ns = 0, row_every_ns = 0;

  bool server() const { return role == Role::Server; }
  From from(bool sent) const { return sent == (role == Role::Client) ? From::Client : From::Server; }
  bool carries_requests() const { return row.requests > 0 || !open.empty(); }
  OpenRequest* find_open(RequestToken token);
  OpenRequest* find_open(NodeId node);
  StreamPosition advance(const StreamBytes& bytes);
};

// Fills in addresses.
void describe(Endpoint& endpoint, const StreamInfo& info);
// Where the server of a Unix socket listens.
std::string unix_path(const Endpoint& endpoint);

// The key under which the other end of a TCP connection on this host stands. Mirrored ends have each other's.
struct TcpKeys {
  uint64_t own = 0, mirrored = 0;
};
TcpKeys tcp_keys(const StreamInfo& info);

}  // namespace culprit::requests
