// The helper process: connects as the server's user, then answers requests on a
// channel until it is closed.
#pragma once

#include "ask/session.h"

namespace culprit::ask {

constexpr int kConnectMs = 1000;
// The server ends a statement after 1 s (statement_timeout). A server that does
// not even do that is left after this.
constexpr int kAnswerMs = 1500;

struct Helper {
  pid_t pid = -1;
  int channel = -1;
};

// Its first message is a reply of one row: database, port, host; or why there
// is no connection.
Result<Helper> start_helper(const Login& login);

// A message is its size and its bytes. Empty: the other end is gone, sends
// nonsense, or `limit_ms` is over.
bool send_message(int channel, const std::string& bytes);
std::optional<std::string> receive_message(int channel, int64_t limit_ms);

}  // namespace culprit::ask
