// Statements that began before the recording and still run at its end, so that none of their bytes was recorded. A
// PostgreSQL backend writes its activity into its process title. A backend that sent and received nothing during the
// whole recording, and is not idle, has been running or waiting since before the recording.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/host/procfs.h"
#include "protocol/interface/conversation.h"

namespace culprit::capture {

// "postgres: 15/main: app shop 10.0.0.7(40312) UPDATE waiting"
struct BackendTitle {
  bool client = false;       // it serves a client; false: an internal process of the server, or another program
  std::string_view command;  // "UPDATE", "CREATE INDEX"; empty: idle, or unknown
  bool waiting = false;      // waits for a heavyweight lock
  SocketAddress peer;        // address of the client; port 0: a Unix socket
};
BackendTitle read_backend_title(std::string_view title);

// Returns the request as a title shows it, without a text. `server` is the address to which the client connected; port
// 0 and a path: a Unix socket.
Exchange standing_exchange(const BackendTitle& title, const SocketAddress& server, int64_t begin_ns);

}  // namespace culprit::capture
