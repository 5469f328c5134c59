// Test support: connected pairs of sockets. A refused call ends the process (a child) with status 99.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <initializer_list>

namespace culprit::capture::testing {

inline void must(bool truth) {
  if (!truth) _exit(99);
}

// Sends one byte from a to b.
inline void pass_byte(int a, int b) {
  char byte = 'x';
  must(write(a, &byte, 1) == 1 && read(b, &byte, 1) == 1);
}

inline sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct Pair {
  int a = -1, b = -1, listener = -1;
};
inline Pair connect_pair(const sockaddr* address, socklen_t size, uint16_t from_port = 0) {
  Pair pair;
  const int yes = 1;
  pair.listener = socket(address->sa_family, SOCK_STREAM, 0);
  setsockopt(pair.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  must(bind(pair.listener, address, size) == 0 && listen(pair.listener, 1) == 0);
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  must(getsockname(pair.listener, reinterpret_cast<sockaddr*>(&bound), &bound_size) == 0);
  pair.a = socket(address->sa_family, SOCK_STREAM, 0);
  if (from_port != 0) {
    const sockaddr_in from = loopback(from_port);
    setsockopt(pair.a, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    must(bind(pair.a, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  }
  must(connect(pair.a, reinterpret_cast<sockaddr*>(&bound), bound_size) == 0);
  pair.b = accept(pair.listener, nullptr, nullptr);
  must(pair.b >= 0);
  return pair;
}
inline Pair tcp_pair(uint16_t port = 0, uint16_t from_port = 0) {
  const sockaddr_in address = loopback(port);
  return connect_pair(reinterpret_cast<const sockaddr*>(&address), sizeof address, from_port);
}
inline Pair unix_connection() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // autobind gives the socket an abstract name
  return connect_pair(reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t));
}
inline Pair socket_pair() {
  int ends[2];
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  return {ends[0], ends[1], -1};
}

inline void close_all(const Pair& pair) {
  for (int fd : {pair.a, pair.b, pair.listener})
    if (fd >= 0) close(fd);
}

}  // namespace culprit::capture::testing
