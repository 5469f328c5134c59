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

// Returns the path of "https://host/path?query#fragment" or "/path?query".
std::string_view path_of(std::string_view url) {
  if (size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    size_t slash = url.find('/', scheme + 3);
    if (slash == std::string_view::npos) return "/";
    url.remove_prefix(slash);
  }
  return url.substr(0, url.find_first_of("?#"));
}

}  // namespace

std::string_view db_system(const Attributes& attributes) {
  return first_text(attributes, {"db.system.name", "db.system"});
}
std::string_view db_text(const Attributes& attributes) {
  return first_text(attributes, {"db.query.text", "db.statement"});
}
std::string_view db_summary(const Attributes& attributes) { return first_text(attributes, {"db.query.summary"}); }
std::string_view db_operation(const Attributes& attributes) {
  return first_text(attributes, {"db.operation.name", "db.operation"});
}
std::string_view db_namespace(const Attributes& attributes) {
  return first_text(attributes, {"db.namespace", "db.name"});
}
std::string_view db_collection(const Attributes& attributes) {
  return first_text(attributes, {"db.collection.name", "db.sql.table", "db.mongodb.collection", "db.cassandra.table"});
}

std::string_view http_method(const Attributes& attributes) {
  return first_text(attributes, {"http.request.method", "http.method"});
}
std::string_view http_route(const Attributes& attributes) { return first_text(attributes, {"http.route"}); }
std::string_view http_path(const Attributes& attributes) {
  return path_of(first_text(attributes, {"url.path", "http.target", "url.full", "http.url"}));
}
int64_t http_status(const Attributes& attributes) {
  return first_number(attributes, {"http.response.status_code", "http.status_code"});
}

std::string_view rpc_system(const Attributes& attributes) {
  return first_text(attributes, {"rpc.system.name", "rpc.system"});
}
std::string rpc_method(const Attributes& attributes) {
  std::string_view method = find_text(attributes, "rpc.method"), service = find_text(attributes, "rpc.service");
  // Older conventions have a short method name and a separate service. Newer ones have a fully qualified method.
  if (service.empty() || method.find('/') != std::string_view::npos) return std::string(method);
  return method.empty() ? std::string(service) : std::string(service) + "/" + std::string(method);
}

std::string_view messaging_system(const Attributes& attributes) { return first_text(attributes, {"messaging.system"}); }
std::string_view messaging_destination(const Attributes& attributes) {
  return first_text(attributes,
                    {"messaging.destination.template", "messaging.destination.name", "messaging.destination"});
}

std::string_view peer_address(const Attributes& attributes) {
  return first_text(attributes,
                    {"server.address", "net.peer.name", "peer.service", "network.peer.address", "net.sock.peer.name",
                     "net.sock.peer.addr", "net.peer.ip", "peer.hostname", "peer.address"});
}
int64_t peer_port(const Attributes& attributes) {
  return first_number(attributes,
                      {"server.port", "net.peer.port", "network.peer.port", "net.sock.peer.port", "peer.port"});
}

}  // namespace culprit
