#include "requests/streams/endpoint.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace culprit::requests {
namespace {

std::string with_port(const StreamAddress& address) {
  return (address.v6 ? "[" + address.text + "]" : address.text) + ":" + std::to_string(address.port);
}

// Returns the key of a connection. Each network namespace has its own loopback addresses, and so has each machine for
// connections to itself. For these the key contains the namespace.
uint64_t key(const StreamAddress& near, const StreamAddress& far, uint32_t network_namespace) {
  const bool local = near.loopback || far.loopback || near.bytes == far.bytes;
  const uint64_t ports = uint64_t{near.port} << 16 | far.port;
  return hash64(near.bytes, hash64(far.bytes, ports | uint64_t{local ? network_namespace : 0} << 32));
}

}  // namespace

OpenRequest* Endpoint::find_open(RequestToken token) {
  for (OpenRequest& request : open)
    if (request.token == token) return &request;
  return nullptr;
}

OpenRequest* Endpoint::find_open(NodeId node) {
  for (OpenRequest& request : open)
    if (request.node == node) return &request;
  return nullptr;
}

void describe(Endpoint& endpoint, const StreamInfo& info) {
  Connection& row = endpoint.row;
  row.pid = info.pid;
  endpoint.described = true;
  endpoint.transport = info.transport;
  if (!info.stream) endpoint.ignored = true;
  if (info.transport == Transport::Unix) {
    row.transport = "unix";
    endpoint.peer = info.peer;
    if (!info.path.empty()) row.peer = row.local = "unix:" + repaired_utf8(info.path);
    return;
  }
  if (info.transport != Transport::Tcp) {
    endpoint.ignored = true;
    return;
  }
  row.transport = "tcp";
  row.local = with_port(info.local);
  row.peer = with_port(info.remote);
  endpoint.network_namespace = info.network_namespace;
  endpoint.local_host = info.local.text;
  endpoint.peer_host = info.remote.text;
  endpoint.local_port = info.local.port;
  endpoint.peer_port = info.remote.port;
  endpoint.remote = !info.remote.loopback && info.local.bytes != info.remote.bytes;
}

std::string unix_path(const Endpoint& endpoint) {
  const std::string& path = endpoint.server() ? endpoint.row.local : endpoint.row.peer;
  return path.starts_with("unix:") ? path.substr(5) : path;
}

TcpKeys tcp_keys(const StreamInfo& info) {
  if (info.transport != Transport::Tcp) return {};
  return {key(info.local, info.remote, info.network_namespace), key(info.remote, info.local, info.network_namespace)};
}

StreamPosition Endpoint::advance(const StreamBytes& bytes) {
  const int direction = bytes.sent ? 1 : 0;
  StreamPosition place;
  place.position = counted[direction];
  counted[direction] += bytes.length_bytes;
  if (bytes.tcp_sequence == 0) return place;
  place.position = bytes.tcp_sequence;
  offset_known = true;
  const uint32_t ahead = bytes.tcp_sequence - expected_sequence[direction];
  // The peer's FIN occupies one sequence number (RFC 9293 §3.4) and may have arrived directly after these bytes.
  if (sequence_known[direction] && direction == 0 && ahead == 1) {
    place.position = expected_sequence[direction];
    return place;
  }
  // Two threads may send at the same time, so that their events arrive in the other order. A step backwards is not a
  // gap.
  if (sequence_known[direction] && ahead != 0 && ahead < 0x8000'0000u) place.missing_bytes = ahead;
  if (!sequence_known[direction] || ahead < 0x8000'0000u)
    expected_sequence[direction] = bytes.tcp_sequence + bytes.length_bytes;
  sequence_known[direction] = true;
  return place;
}

}  // namespace culprit::requests
