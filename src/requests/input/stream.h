// What is told of byte streams: plain structs that a recorder fills from kernel events, and a capture file could as well.
//
// Times are nanoseconds of one monotonic clock. Views are good during the call that takes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit::requests {

// One end of a connection, as one process uses it: never 0, never reused.
enum class EndpointId : uint64_t { None = 0 };

enum class Transport : uint8_t { Other, Tcp, Unix };

struct StreamAddress {
  std::string text;   // "127.0.0.1", "::1"
  std::string bytes;  // in network order: both ends write the same
  bool v6 = false;
  bool loopback = false;
  uint16_t port = 0;
};

// A process was seen to use this end for the first time.
struct StreamInfo {
  EndpointId id = EndpointId::None;
  EndpointId peer = EndpointId::None;  // Unix: the other end, where it is known
  int32_t pid = 0;
  int64_t time_ns = 0;
  Transport transport = Transport::Other;
  bool stream = false;             // bytes in order; false: datagrams
  StreamAddress local, remote;     // Tcp
  std::string path;                // Unix: where its server listens
  uint32_t network_namespace = 0;  // loopback addresses mean the same within one only
};

// What one send or receive call carried.
struct StreamBytes {
  EndpointId id = EndpointId::None;
  int32_t pid = 0, tid = 0;
  bool sent = false;  // else received
  bool unreadable = false;
  int64_t time_ns = 0;          // the call's end
  int64_t moved_ns = 0;         // when its bytes began to leave, or had come
  uint32_t length_bytes = 0;    // as the call returned
  uint32_t tcp_sequence = 0;    // of the first byte, where TCP; else 0
  std::string_view head, tail;  // what was copied of the beginning and of the end
};

// A server reported the text that it begins to run.
struct StatementReport {
  int32_t pid = 0;
  int64_t time_ns = 0;
  std::string_view text;
  bool cut = false;
};

// Events were lost between two moments.
struct LossInterval {
  int64_t from_ns = 0, to_ns = 0;
};

}  // namespace culprit::requests
