#include "capture/recorder/event_input.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace culprit::capture {
namespace {

// The prefix of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). It becomes an IPv4 address, so that both ends look
// alike.
constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

requests::StreamAddress address(uint16_t family, const __u8 (&raw)[16], uint16_t port) {
  requests::StreamAddress result;
  const bool mapped = family == SOCKET_INET6 && std::memcmp(raw, kMapped, sizeof kMapped) == 0;
  result.v6 = family == SOCKET_INET6 && !mapped;
  const __u8* bytes = mapped ? raw + 12 : raw;
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(result.v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
  result.text = text;
  result.bytes.assign(reinterpret_cast<const char*>(bytes), result.v6 ? 16 : 4);
  result.loopback = result.v6 ? result.text == "::1" : bytes[0] == 127;
  result.port = port;
  return result;
}

// An abstract name begins with NUL (unix(7)) and is written as @name.
std::string socket_path(const event_socket& event) {
  const bool abstract = event.path[0] == '\0' && event.path[1] != '\0';
  const char* name = abstract ? event.path + 1 : event.path;
  std::string path(name, strnlen(name, sizeof event.path - (abstract ? 1 : 0)));
  return abstract ? "@" + path : path;
}

}  // namespace

requests::StreamInfo stream_info(const event_socket& event) {
  requests::StreamInfo info;
  info.id = requests::EndpointId{event.socket};
  info.peer = requests::EndpointId{event.peer_socket};
  info.pid = as_pid(event.header.pid);
  info.time_ns = as_time(event.header.time_ns);
  info.stream = event.socket_type == 1;  // SOCK_STREAM
  info.network_namespace = event.network_namespace;
  if (event.family == SOCKET_UNIX) {
    info.transport = requests::Transport::Unix;
    info.path = socket_path(event);
  } else if (event.family == SOCKET_INET || event.family == SOCKET_INET6) {
    info.transport = requests::Transport::Tcp;
    info.local = address(event.family, event.local_address, event.local_port);
    info.remote = address(event.family, event.peer_address, event.peer_port);
  }
  return info;
}

requests::StreamBytes stream_bytes(const event_data& event) {
  requests::StreamBytes bytes;
  bytes.id = requests::EndpointId{event.socket};
  bytes.pid = as_pid(event.header.pid);
  bytes.tid = as_pid(event.header.tid);
  bytes.sent = (event.flags & DATA_SENT) != 0;
  bytes.unreadable = (event.flags & DATA_READ_FAULT) != 0;
  bytes.time_ns = as_time(event.header.time_ns);
  bytes.moved_ns = bytes.time_ns - int64_t{event.left_before} * LEFT_UNIT_NS;
  bytes.length_bytes = event.length_bytes;
  bytes.tcp_sequence = event.tcp_sequence;
  const size_t room = event.header.size_bytes - sizeof event;
  const size_t head_size = std::min<size_t>(event.head_bytes, room);
  bytes.head = {payload_of(event), head_size};
  bytes.tail = {payload_of(event) + head_size, std::min<size_t>(event.tail_bytes, room - head_size)};
  return bytes;
}

// Puts the times in order: a thread lost its CPU and was woken before it got one, whatever the event contains.
requests::ThreadSwitch thread_switch(const event_switch& event) {
  requests::ThreadSwitch change;
  change.pid = as_pid(event.header.pid);
  change.tid = as_pid(event.header.tid);
  change.cpu = event.header.cpu;
  change.on_ns = as_time(event.header.time_ns);
  change.off_ns = as_time(std::min(event.off_ns, event.header.time_ns));
  change.wake_ns = as_time(std::min(event.wake_ns, event.header.time_ns));
  change.state = event.state;
  change.syscall = event.syscall;
  change.waker = event.waker == WAKER_THREAD      ? requests::Waker::Thread
                 : event.waker == WAKER_INTERRUPT ? requests::Waker::Interrupt
                 : event.waker == WAKER_NONE      ? requests::Waker::None
                                                  : requests::Waker::Unknown;
  change.io_wait = event.io_wait != 0;
  change.waker_pid = as_pid(event.waker_pid);
  change.waker_tid = as_pid(event.waker_tid);
  change.previous_pid = as_pid(event.previous_pid);
  change.previous_tid = as_pid(event.previous_tid);
  change.socket = event.socket != 0;
  return change;
}

requests::SleepingThread sleeping_thread(const OpenWait& wait) {
  return {wait.pid, wait.tid, as_time(wait.off_ns), as_time(wait.wake_ns), wait.state, wait.syscall, wait.socket != 0};
}

}  // namespace culprit::capture
