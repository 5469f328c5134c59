#include "capture/server/postgresql_process_title.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit::capture {
namespace {

// "10.0.0.7(40312)" or "[local]": the client, which follows user and database (postmaster's remote_port, ps_status).
bool is_client(std::string_view word, SocketAddress& peer) {
  if (word == "[local]") return true;
  const size_t open = word.find('(');
  if (open == std::string_view::npos || open == 0 || !word.ends_with(')')) return false;
  const char* end = word.data() + word.size() - 1;
  uint16_t port = 0;
  auto [stop, error] = std::from_chars(word.data() + open + 1, end, port);
  if (error != std::errc() || stop != end || port == 0) return false;
  peer = {std::string(word.substr(0, open)), port};
  return true;
}

// Command tags are words in capitals. "idle", "idle in transaction", "startup" and "streaming 0/16B3748" are no
// commands.
bool is_command(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

BackendTitle read_backend_title(std::string_view title) {
  constexpr std::string_view kBegin = "postgres: ", kWaiting = " waiting";
  BackendTitle result;
  if (!title.starts_with(kBegin)) return result;
  std::string_view rest = trimmed(title.substr(kBegin.size()));
  // Names may contain spaces: the first word that is a client's address separates the names from the activity.
  for (size_t at = 0; at < rest.size();) {
    const size_t end = std::min(rest.find(' ', at), rest.size());
    if (is_client(rest.substr(at, end - at), result.peer)) {
      result.client = true;
      rest = trimmed(rest.substr(end));
      break;
    }
    at = end + 1;
  }
  if (!result.client) return result;
  result.waiting = rest.ends_with(kWaiting);
  if (result.waiting) rest.remove_suffix(kWaiting.size());
  if (is_command(rest)) result.command = rest;
  return result;
}

Exchange standing_exchange(const BackendTitle& title, const SocketAddress& server, int64_t begin_ns) {
  Exchange exchange;
  exchange.protocol = "postgresql";
  exchange.name = std::string(title.command);
  exchange.begin_ns = begin_ns;
  exchange.flags = kBegunBefore | kUnfinished | kTextUnknown;
  add_attribute(exchange, "db.system.name", std::string("postgresql"));
  add_attribute(exchange, "db.operation.name", std::string(title.command));
  if (title.peer.port != 0) add_attribute(exchange, "network.peer.port", int64_t{title.peer.port});
  if (!server.address.empty()) add_attribute(exchange, "server.address", server.address);
  if (server.port != 0) add_attribute(exchange, "server.port", int64_t{server.port});
  return exchange;
}

}  // namespace culprit::capture
