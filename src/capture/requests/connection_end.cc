#include "capture/requests/connection_end.h"

#include <arpa/inet.h>

#include <cstring>

#include "base/hash.h"
#include "base/text.h"

namespace culprit::capture {
namespace {

// An IPv4 address that hides in an IPv6 one (RFC 4291 §2.5.5.2) is written as IPv4: both ends then look alike.
constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Address {
  std::string text;
  bool v6 = false;
  std::string bytes;
  bool loopback = false;
};

Address address(uint16_t family, const __u8 (&raw)[16]) {
  Address result;
  const bool mapped = family == SOCKET_INET6 && std::memcmp(raw, kMapped, sizeof kMapped) == 0;
  result.v6 = family == SOCKET_INET6 && !mapped;
  const __u8* bytes = mapped ? raw + 12 : raw;
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(result.v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
  result.text = text;
  result.bytes.assign(reinterpret_cast<const char*>(bytes), result.v6 ? 16 : 4);
  result.loopback = result.v6 ? result.text == "::1" : bytes[0] == 127;
  return result;
}

std::string with_port(const Address& address, uint16_t port) {
  return (address.v6 ? "[" + address.text + "]" : address.text) + ":" + std::to_string(port);
}

uint64_t key(const Address& local, uint16_t local_port, const Address& peer, uint16_t peer_port, uint32_t space) {
  const bool within = local.loopback || peer.loopback || local.bytes == peer.bytes;
  const uint64_t ports = uint64_t{within ? space : 0} << 32 | uint64_t{local_port} << 16 | peer_port;
  return hash64(local.bytes, hash64(peer.bytes, ports));
}

}  // namespace

void describe(ConnectionEnd& end, const event_socket& event) {
  Connection& row = end.row;
  row.pid = static_cast<int32_t>(event.header.pid);
  if (event.socket_type != 1) end.ignored = true;  // SOCK_STREAM
  if (event.family == SOCKET_UNIX) {
    row.transport = "unix";
    end.socket_pair = event.peer_socket;
    // An abstract name begins with a NUL (unix(7)), and is shown as @name.
    const bool abstract = event.path[0] == '\0' && event.path[1] != '\0';
    const char* name = abstract ? event.path + 1 : event.path;
    std::string path(name, strnlen(name, sizeof event.path - (abstract ? 1 : 0)));
    if (!path.empty()) row.peer = row.local = "unix:" + std::string(abstract ? "@" : "") + repaired_utf8(path);
    return;
  }
  if (event.family != SOCKET_INET && event.family != SOCKET_INET6) {
    end.ignored = true;
    return;
  }
  row.transport = "tcp";
  const Address local = address(event.family, event.local_address), peer = address(event.family, event.peer_address);
  row.local = with_port(local, event.local_port);
  row.peer = with_port(peer, event.peer_port);
  end.local_host = local.text;
  end.peer_host = peer.text;
  end.network_namespace = event.network_namespace;
  end.local_port = event.local_port;
  end.peer_port = event.peer_port;
  end.remote = !peer.loopback && local.bytes != peer.bytes;
}

std::string unix_path(const ConnectionEnd& end) {
  const std::string& path = end.server() ? end.row.local : end.row.peer;
  return path.starts_with("unix:") ? path.substr(5) : path;
}

TcpKeys tcp_keys(const event_socket& event) {
  if (event.family != SOCKET_INET && event.family != SOCKET_INET6) return {};
  const Address local = address(event.family, event.local_address), peer = address(event.family, event.peer_address);
  return {key(local, event.local_port, peer, event.peer_port, event.network_namespace),
          key(peer, event.peer_port, local, event.local_port, event.network_namespace)};
}

Place place_in_stream(ConnectionEnd& end, const event_data& event) {
  const int direction = (event.flags & DATA_SENT) ? 1 : 0;
  Place place;
  place.position = end.counted[direction];
  end.counted[direction] += event.length_bytes;
  if (event.tcp_sequence == 0) return place;
  place.position = event.tcp_sequence;
  end.offset_known = true;
  const uint32_t ahead = event.tcp_sequence - end.expected_sequence[direction];
  // The other end's FIN takes a number of its own (RFC 9293 §3.4), and may have come right behind these bytes.
  if (end.sequence_known[direction] && direction == 0 && ahead == 1) {
    place.position = end.expected_sequence[direction];
    return place;
  }
  // Two threads may send at once, and their events swap: a step back is no hole.
  if (end.sequence_known[direction] && ahead != 0 && ahead < 0x8000'0000u) place.missing_bytes = ahead;
  if (!end.sequence_known[direction] || ahead < 0x8000'0000u)
    end.expected_sequence[direction] = event.tcp_sequence + event.length_bytes;
  end.sequence_known[direction] = true;
  return place;
}

}  // namespace culprit::capture
