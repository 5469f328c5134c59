// Endpoint: one end of a connection, as one process uses it: its protocol, its role and its stream positions.
//
//   first bytes ──▶ kept (≤ 8 segments) ──▶ recognised ──▶ conversation ──▶ requests
//                                      └──▶ not recognised: opaque requests if the role is known, else ignored
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

// Bytes that arrived before the protocol was known.
struct KeptSegment {
  bool sent = false;
  int64_t moved_ns = 0;
  int32_t tid = 0;
  uint32_t position = 0;
  uint32_t length_bytes = 0;
  std::string head, tail;
};

// The position of a segment in its direction of the stream.
struct StreamPosition {
  uint32_t position = 0;       // position of the first byte: TCP's sequence number, or a count of bytes
  uint32_t missing_bytes = 0;  // the gap before this segment, from TCP's sequence numbers
};

// The position in the request direction at which a request begins.
struct RequestPosition {
  uint32_t position = 0;
  NodeId request = NodeId::None;  // None: a free entry
};

// A request that has begun and has not ended.
struct OpenRequest {
  RequestToken token = RequestToken::None;
  NodeId node = NodeId::None;
  bool in_service = false;  // the request is in its thread's in_service or pending_calls
};

enum class Role : uint8_t { Unknown, Client, Server };

// The server's address as spans show it. All requests of one end share it.
struct ServerAddress {
  std::string address, transport;
  uint16_t port = 0;
};

struct Endpoint {
  EndpointId id = EndpointId::None;
  Connection row;
  Role role = Role::Unknown;
  bool ignored = false;    // datagrams, a connection of the recorder, or protocol and role are unknown
  bool described = false;  // a StreamInfo arrived
  bool remote = false;     // the peer is on another machine
  Transport transport = Transport::Other;
  uint16_t local_port = 0, peer_port = 0;
  std::string peer_host;  // address without the port
  std::string local_host;
  uint32_t network_namespace = 0;
  EndpointId peer = EndpointId::None;  // the other end, if it is recorded; None: not known
  uint64_t tcp_key = 0;                // the key of this end in the table of TCP ends
  std::shared_ptr<const ServerAddress> server_address;

  std::unique_ptr<Conversation> conversation;
  CapturePolicies captured;  // the policies that were last requested from the capture
  std::vector<KeptSegment> kept;
  uint32_t segments_unrecognised = 0;
  int first_sent = -1;  // the end that sent first: 1 this end, 0 its peer; -1: no bytes yet

  std::deque<OpenRequest> open;  // open requests in order of their start
  uint32_t requests_begun_before = 0;
  int32_t reply_tid = 0;
  int64_t last_data_ns = 0;

  // The positions for peer matching. Client: its last requests. Server: its requests without a matched caller.
  std::array<RequestPosition, 64> positions;
  uint32_t next_position = 0;
  uint32_t offset = 0;        // server: the caller's position minus the own position
  bool offset_known = false;  // TCP: both ends have the same numbers; counts of bytes start at an arbitrary byte

  // Indexed by direction: [0] received, [1] sent.
  uint32_t expected_sequence[2] = {}, counted[2] = {};
  bool sequence_known[2] = {};

  // The row of this end is written when its first request begins, when the end is closed, and in between at growing
  // intervals.
  bool row_changed = true;
  int64_t row_due_ns = 0, row_every_ns = 0;

  bool server() const { return role == Role::Server; }
  From from(bool sent) const { return sent == (role == Role::Client) ? From::Client : From::Server; }
  bool carries_requests() const { return row.requests > 0 || !open.empty(); }
  OpenRequest* find_open(RequestToken token);
  OpenRequest* find_open(NodeId node);
  StreamPosition advance(const StreamBytes& bytes);
};

// Sets the addresses and the transport of an end.
void describe(Endpoint& endpoint, const StreamInfo& info);
// Returns the path of the Unix socket that the server listens on.
std::string unix_path(const Endpoint& endpoint);

// The keys of a TCP connection. The `own` key of one end equals the `mirrored` key of its peer on the same host.
struct TcpKeys {
  uint64_t own = 0, mirrored = 0;
};
TcpKeys tcp_keys(const StreamInfo& info);

}  // namespace culprit::requests
