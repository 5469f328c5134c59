// Standing: statements that were under way before the recording and still are at its end, so that no byte of them was seen.
// A PostgreSQL backend writes what it does into its process title; who spoke to nobody all the time and is not idle runs,
// or waits, since before.
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
  bool client = false;       // it serves one; false: a process of the server's own, or another program
  std::string_view command;  // "UPDATE", "CREATE INDEX"; empty: idle, or not known
  bool waiting = false;      // for a heavyweight lock
  SocketAddress peer;        // the client's; port 0: a Unix socket
};
BackendTitle read_backend_title(std::string_view title);

// The request, as far as a title tells it: without a text. `server` is the address that the client reached; port 0 and a
// path: a Unix socket.
Exchange standing_exchange(const BackendTitle& title, const SocketAddress& server, int64_t begin_ns);

}  // namespace culprit::capture
