// The helper process: it connects as the server's user, then answers requests on a channel until the channel is closed.
#pragma once

#include "ask/session.h"
#include "base/cancel.h"

namespace culprit::ask {

constexpr int kConnectMs = 1000;
// The limit for a server that does not end a statement after 1 s, as statement_timeout asks.
constexpr int kAnswerMs = 1500;

struct Helper {
  pid_t pid = -1;
  int channel = -1;
};

// The helper's first message is a reply with one row (database, port, host), or the reason why there is no connection.
Result<Helper> start_helper(const Login& login);

// A message is its size and its bytes. Receiving returns nothing if the other end is gone, the message is invalid,
// `limit_ms` is over, or `cancel` (may be null) was requested.
bool send_message(int channel, const std::string& bytes);
std::optional<std::string> receive_message(int channel, int64_t limit_ms, const CancelToken* cancel);

}  // namespace culprit::ask
