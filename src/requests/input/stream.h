// The input about byte streams: plain structs that a recorder fills from kernel events, or a reader from a capture
// file.
//
// Times are nanoseconds of one monotonic clock. A view is valid during the call that receives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit::requests {

// The id of one end of a connection in one process. A valid id is not 0 and is never reused.
enum class EndpointId : uint64_t { None = 0 };

enum class Transport : uint8_t { Other, Tcp, Unix };

struct StreamAddress {
  std::string text;   // "127.0.0.1", "::1"
  std::string bytes;  // network byte order: the same at both ends
  bool v6 = false;
  bool loopback = false;
  uint16_t port = 0;
};

// A process used this end of a connection for the first time.
struct StreamInfo {
  EndpointId id = EndpointId::None;
  EndpointId peer = EndpointId::None;  // Unix: the other end, if it is known
  int32_t pid = 0;
  int64_t time_ns = 0;
  Transport transport = Transport::Other;
  bool stream = false;             // true: an ordered byte stream; false: datagrams
  StreamAddress local, remote;     // Tcp
  std::string path;                // Unix: the path that the server listens on
  uint32_t network_namespace = 0;  // a loopback address is unique only within its network namespace
};

// The bytes of one send or receive call.
struct StreamBytes {
  EndpointId id = EndpointId::None;
  int32_t pid = 0, tid = 0;
  bool sent = false;  // false: received
  bool unreadable = false;
  int64_t time_ns = 0;          // the end of the call
  int64_t moved_ns = 0;         // the time at which the first byte left (sent) or all bytes had arrived (received)
  uint32_t length_bytes = 0;    // the call's return value
  uint32_t tcp_sequence = 0;    // sequence number of the first byte; 0: not TCP
  std::string_view head, tail;  // copies of the first bytes and of the last bytes
};

// A server reported the text of a statement that it begins to run.
struct StatementReport {
  int32_t pid = 0;
  int64_t time_ns = 0;
  std::string_view text;
  bool cut = false;
};

// The time between two moments in which events were lost.
struct LossInterval {
  int64_t from_ns = 0, to_ns = 0;
};

}  // namespace culprit::requests
