#include "model/conventions.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace culprit {

namespace {

using Names = std::initializer_list<std::string_view>;  // the current name is the first one

std::string_view first_text(const Attributes& attributes, Names names) {
  for (std::string_view name : names)
    if (std::string_view text = find_text(attributes, name); !text.empty()) return text;
  return {};
}

// Some senders write numbers as text, for example Jaeger's clients.
int64_t first_number(const Attributes& attributes, Names names) {
  for (std::string_view name : names) {
    if (int64_t number = find_integer(attributes, name, 0)) return number;
    std::string_view text = find_text(attributes, name);
    int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  return 0;
}

}  // namespace

std::string_view db_system(const Attributes& attributes) {
  return first_text(attributes, {"db.system.name", "db.system"});
}
std::string_view db_text(const Attributes& attributes) {
  return first_text(attributes, {"db.query.text", "db.statement"});
}
std::string_view db_namespace(const Attributes& attributes) {
  return first_text(attributes, {"db.namespace", "db.name"});
}

int64_t http_status(const Attributes& attributes) {
  return first_number(attributes, {"http.response.status_code", "http.status_code"});
}

std::string_view peer_address(const Attributes& attributes) {
  return first_text(attributes,
                    {"server.address", "net.peer.name", "http.host", "network.peer.address", "net.sock.peer.name",
                     "net.sock.peer.addr", "net.peer.ip", "peer.hostname", "peer.address"});
}
int64_t peer_port(const Attributes& attributes) {
  return first_number(attributes,
                      {"server.port", "net.peer.port", "network.peer.port", "net.sock.peer.port", "peer.port"});
}
std::string_view peer_service(const Attributes& attributes) { return find_text(attributes, "peer.service"); }

}  // namespace culprit
