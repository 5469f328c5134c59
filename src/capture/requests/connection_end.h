// ConnectionEnd: one end of a connection as one process uses it: what it speaks, which role it has, how far it is.
//
//   first bytes ──▶ kept (≤ 8 segments) ──▶ recognised ──▶ conversation ──▶ exchanges
//                                      └──▶ given up: an opaque conversation where the role is known, else nothing
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/wire/event.h"
#include "model/record.h"
#include "protocol/interface/conversation.h"

namespace culprit::capture {

// Bytes that came before the protocol was known.
struct KeptSegment {
  bool sent = false;
  int64_t time_ns = 0;
  int32_t tid = 0;
  uint32_t position = 0;
  uint32_t length_bytes = 0;
  std::string head, tail;
};

// A piece of a request: where it lies in the stream, and on whose behalf it was sent.
struct RequestSegment {
  int64_t time_ns = 0;
  uint32_t position = 0;  // of its first byte in the request direction: TCP's sequence number, else bytes counted
  int32_t tid = 0;
  uint64_t parent = 0;  // client: the request that its thread worked on; 0: none
  LinkHow how = LinkHow::None;
  float confidence = 1;
};

// A request of this end that waits for, or has, its other half.
struct HalfRequest {
  uint32_t position = 0;
  uint64_t request = 0;  // span id; 0: this place is free
};

enum class Role : uint8_t { Unknown, Client, Server };

struct ConnectionEnd {
  Connection row;
  Role role = Role::Unknown;
  bool ignored = false;  // datagrams, or nobody knows what it is
  bool opaque = false;   // the conversation knows turns only
  bool row_dirty = true;
  bool remote = false;  // the other end is on another machine
  uint16_t local_port = 0, peer_port = 0;
  std::string peer_host;  // without port
  std::string local_host;
  uint32_t network_namespace = 0;
  uint64_t socket_pair = 0;  // id of the other end where it is recorded; 0: not (yet)

  std::unique_ptr<Conversation> conversation;
  std::vector<KeptSegment> kept;
  uint32_t segments_unrecognised = 0;
  int64_t kept_sent = -1;  // who spoke first: 1 this end, 0 the other

  // The turn under way.
  bool busy = false;  // a request has begun and its answer has not ended
  int64_t turn_begin_ns = 0;
  uint32_t turn_segments = 0;
  uint64_t current = 0;  // its request
  int32_t request_tid = 0, reply_tid = 0;
  uint32_t requests_begun_before = 0;
  // Requests of one segment are told apart by their order.
  int64_t finished_begin_ns = 0;
  uint32_t next_ordinal = 0;
  int64_t last_reply_ns = 0, last_data_ns = 0;
  std::array<RequestSegment, 16> segments;  // the last ones of the request direction
  uint32_t next_segment = 0;

  // To find the other end's half: client: its last requests; server: those that have no caller yet.
  std::array<HalfRequest, 64> halves;
  uint32_t next_half = 0;
  uint32_t offset = 0;        // server: caller's position - own position
  bool offset_known = false;  // TCP's numbers are the same at both ends; counted bytes begin anywhere

  // By direction: [0] received, [1] sent.
  uint32_t expected_sequence[2] = {}, counted[2] = {};
  bool sequence_known[2] = {};

  bool server() const { return role == Role::Server; }
  From from(bool sent) const { return sent == (role == Role::Client) ? From::Client : From::Server; }
};

// Fills in addresses from the event.
void describe(ConnectionEnd& end, const event_socket& event);

// Where the server of a Unix socket listens.
std::string unix_path(const ConnectionEnd& end);

// The key under which the other end of a TCP connection on this host stands. Mirrored ends have each other's. Loopback's
// addresses, and a host's own at both ends, mean the same within one network namespace only.
struct TcpKeys {
  uint64_t own = 0, mirrored = 0;
};
TcpKeys tcp_keys(const event_socket& event);

// Bytes missing before `event` in its direction, by TCP's own numbers; and the position of its first byte.
struct Place {
  uint32_t position = 0;
  uint32_t missing_bytes = 0;
};
Place place_in_stream(ConnectionEnd& end, const event_data& event);

}  // namespace culprit::capture
