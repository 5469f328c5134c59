#include "protocol/http/conversation.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "statement/redact.h"

namespace culprit::http {

namespace {

constexpr size_t kMaxRequests = 1024;  // pipelined; browsers and proxies send a handful
constexpr size_t kMaxPath = 1024;
constexpr size_t kMaxHost = 255;  // RFC 1035 §2.3.4

void add(Exchange& exchange, std::string_view key, Value value) {
  exchange.attributes.push_back({std::string(key), std::move(value)});
}

// "host", "host:80", "[::1]:80": the name, and the port where there is one. Anything else is no host.
void add_host(Exchange& exchange, std::string_view host) {
  size_t colon = host.starts_with('[') ? host.find(':', std::min(host.find(']'), host.size())) : host.find(':');
  std::string_view name = host.substr(0, colon);
  bool valid = !name.empty() && name.size() <= kMaxHost && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '[' || c == ']' || c == ':';
  });
  if (!valid) return;
  add(exchange, "server.address", std::string(name));
  if (colon == std::string_view::npos) return;
  std::string_view digits = host.substr(colon + 1);
  int64_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536)
    add(exchange, "server.port", port);
}

// The path of any form of target: "/a?b", "http://host/a", "*", and of CONNECT "host:443".
std::string_view path_of(std::string_view target) {
  size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || scheme > 8) return target;
  size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

void HttpConversation::feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                            uint64_t length_bytes) {
  uint64_t captured = head.size() + tail.size();
  Reader& reader = from == From::Client ? client_ : server_;
  reader.begin_segment(time_ns, head, length_bytes > captured ? length_bytes - captured : 0, tail);
  // Bytes belong to the message that is under way when they come; with pipelining that is an estimate.
  size_t before = finished_.size();
  drain(from, time_ns);
  uint64_t size_bytes = std::max<uint64_t>(length_bytes, captured);
  if (from == From::Client && !requests_.empty()) {
    requests_.back().exchange.request_bytes += size_bytes;
  } else if (from == From::Server && finished_.size() > before) {
    finished_.back().reply_bytes += size_bytes;
  } else if (from == From::Server && !requests_.empty()) {
    requests_.front().exchange.reply_bytes += size_bytes;
  }
  if (from == From::Server && !requests_.empty()) requests_.front().last_reply_ns = time_ns;
}

void HttpConversation::hole(From from, int64_t time_ns, uint64_t length_bytes) {
  (from == From::Client ? client_ : server_).hole(time_ns, length_bytes);
  drain(from, time_ns);
}

void HttpConversation::drain(From from, int64_t time_ns) {
  Reader& reader = from == From::Client ? client_ : server_;
  for (;;) {
    std::optional<Part> part = reader.next();
    if (reader.take_accident()) {
      for (Request& request : requests_) request.exchange.flags |= kHole;
      if (from == From::Client) client_missed_ = true;
    }
    if (!part) break;
    if (part->kind == Part::Kind::Head) {
      from == From::Client ? request_head(*part) : response_head(*part, time_ns);
    } else if (from == From::Server && !std::exchange(interim_, false) && !requests_.empty()) {
      finish(time_ns);
    }
  }
  counts_.resyncs += reader.take_resyncs();
}

void HttpConversation::request_head(const Part& part) {
  Head head = parse_head(From::Client, part.text, part.cut);
  if (head.method.empty()) {
    ++counts_.malformed;
    return client_.set_body(Body::Unknown, 0);
  }
  any_request_ = true;
  if (requests_.size() == 1 && requests_.front().last_reply_ns != 0 && server_.adrift()) {
    server_.abandon();  // who asks again was answered, with the last byte that came
    finish(requests_.front().last_reply_ns);
  }
  if (requests_.size() >= kMaxRequests) finish(0);
  Request& request = requests_.emplace_back();
  Exchange& exchange = request.exchange;
  request.method = head.method.substr(0, 32);
  exchange.protocol = "http";
  exchange.begin_ns = part.begin_ns;
  if (std::exchange(client_missed_, false)) exchange.flags |= kHole;
  if (part.cut) {
    exchange.flags |= kTextCut;
    ++counts_.truncated;
  }
  std::string_view method = known_method(head.method);
  exchange.name = method == "_OTHER" ? "HTTP" : std::string(method);
  add(exchange, "http.request.method", std::string(method));
  if (head.method != "CONNECT") {
    std::string_view target = path_of(head.target);
    Redacted path = redact_path(target.substr(0, kMaxPath));
    bool query = target.find('?') != std::string_view::npos;
    counts_.redacted += path.count + query;
    std::string route = route_of(path.text);
    exchange.name.append(" ").append(route);
    add(exchange, "url.path", std::move(path.text));
    add(exchange, "http.route", std::move(route));
  }
  add_host(exchange, head.host);
  exchange.context = std::move(head.context);
  bool chunked = head.chunked;
  client_.set_body(part.cut              ? Body::Unknown
                   : chunked             ? Body::Chunked
                   : head.content_length ? Body::Sized
                                         : Body::None,
                   head.content_length.value_or(0));
}

// The request that a response's head answers; one whose own head was not seen, where it must have been there.
HttpConversation::Request& HttpConversation::answered(const Part& part) {
  if (requests_.empty()) {
    Request& request = requests_.emplace_back();
    request.exchange.protocol = "http";
    request.exchange.name = "unknown request";
    request.exchange.begin_ns = part.begin_ns;
    request.exchange.flags = any_request_ ? kHole | kTextUnknown : kBegunBefore | kTextUnknown;
    ++counts_.text_unknown;
    any_request_ = true;
    client_missed_ = false;
  }
  Request& request = requests_.front();
  if (request.exchange.first_reply_ns == 0) request.exchange.first_reply_ns = part.begin_ns;
  return request;
}

// RFC 9112 §6.3, in its order.
Body HttpConversation::response_body(const Head& head, const Request& request) {
  if (head.cut) return Body::Unknown;
  if (head.status == 101) return Body::Opaque;
  if (request.method == "CONNECT" && head.status / 100 == 2) return Body::Opaque;
  if (request.method == "HEAD" || head.status / 100 == 1 || head.status == 204 || head.status == 304) return Body::None;
  if (head.chunked) return Body::Chunked;
  if (head.transfer_encoded) return Body::UntilClose;
  return head.content_length ? Body::Sized : Body::UntilClose;
}

void HttpConversation::response_head(const Part& part, int64_t time_ns) {
  Head head = parse_head(From::Server, part.text, part.cut);
  if (head.status == 0) {
    ++counts_.malformed;
    return server_.set_body(Body::Unknown, 0);
  }
  Request& request = answered(part);
  Body body = response_body(head, request);
  interim_ = head.status / 100 == 1 && head.status != 101;
  request.until_close = body == Body::UntilClose;
  if (!interim_) {
    add(request.exchange, "http.response.status_code", int64_t{head.status});
    if (head.status >= 500) {
      request.exchange.status = SpanStatus::Error;
      request.exchange.status_message = "HTTP " + std::to_string(head.status);
      add(request.exchange, "error.type", std::to_string(head.status));
    }
  }
  server_.set_body(body, head.content_length.value_or(0));
  if (body != Body::Opaque) return;
  client_.go_opaque();
  finish(time_ns);
}

void HttpConversation::finish(int64_t time_ns) {
  Exchange exchange = std::move(requests_.front().exchange);
  requests_.pop_front();
  exchange.end_ns = time_ns;
  if (time_ns == 0) exchange.flags |= kUnfinished;
  finished_.push_back(std::move(exchange));
}

std::vector<Exchange> HttpConversation::take_finished() { return std::exchange(finished_, {}); }

std::vector<Exchange> HttpConversation::open() const {
  std::vector<Exchange> all;
  for (const Request& request : requests_) {
    Exchange exchange = request.exchange;
    // Its end is the connection's; so far it is where the last byte was.
    if (request.until_close) exchange.end_ns = request.last_reply_ns;
    if (exchange.end_ns == 0) exchange.flags |= kUnfinished;
    all.push_back(std::move(exchange));
  }
  return all;
}

ConversationCounts HttpConversation::take_counts() { return std::exchange(counts_, {}); }

}  // namespace culprit::http
