#include "protocol/http/conversation.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "statement/redact.h"

namespace culprit::http {

namespace {

constexpr size_t kMaxRequests = 1024;  // pipelined requests; browsers and proxies send only a few
constexpr size_t kMaxPath = 1024;
constexpr size_t kMaxHost = 255;  // RFC 1035 §2.3.4
// The usual size of a first line with the headers that are read. A longer head is copied up to its blank line.
constexpr uint32_t kRequestBytes = 4096, kResponseBytes = 512;
constexpr uint32_t kTailBytes = 64;
// After four long body segments in a row, the capture stops searching for a blank line on this connection, because each
// search copies 64 KiB.
constexpr uint32_t kMostSearched = 4;
constexpr uint32_t kLongHeadBytes = 16384;

void add(Exchange& exchange, std::string_view key, Value value) {
  exchange.attributes.push_back({std::string(key), std::move(value)});
}

// Adds the name and, if present, the port of "host", "host:80" or "[::1]:80". Ignores any other text.
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

void set_status(Exchange& exchange, int status) {
  add(exchange, "http.response.status_code", int64_t{status});
  if (status < 500) return;
  exchange.status = SpanStatus::Error;
  exchange.status_message = "HTTP " + std::to_string(status);
  add(exchange, "error.type", std::to_string(status));
}

// Returns the path of any form of request target: "/a?b", "http://host/a", "*"; for CONNECT "host:443".
std::string_view path_of(std::string_view target) {
  size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || scheme > 8) return target;
  size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

void HttpConversation::HeadCapture::learn(const Reader& reader, uint64_t length_bytes, uint32_t first_bytes) {
  if (!reader.only_body()) {
    bodies_searched = 0;
  } else if (length_bytes > std::max(head_bytes, first_bytes) && ++bodies_searched >= kMostSearched) {
    to_blank_line = false;
  }
}

void HttpConversation::HeadCapture::head_was_cut() {
  head_bytes = head_bytes < kLongHeadBytes ? kLongHeadBytes : CapturePolicy::kMaxHeadBytes;
  to_blank_line = true;
  bodies_searched = 0;
}

CapturePolicies HttpConversation::capture_policies() const {
  if (upgraded_) return {};
  return {{std::max(request_capture_.head_bytes, kRequestBytes), kTailBytes, request_capture_.to_blank_line},
          {std::max(response_capture_.head_bytes, kResponseBytes), kTailBytes, response_capture_.to_blank_line}};
}

void HttpConversation::feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                            uint64_t length_bytes) {
  uint64_t captured = head.size() + tail.size();
  Reader& reader = from == From::Client ? client_ : server_;
  reader.begin_segment(time_ns, head, length_bytes > captured ? length_bytes - captured : 0, tail);
  // The bytes are added to the message that is open when they arrive. With pipelining this is an estimate.
  const size_t before = events().size();
  const uint64_t size_bytes = std::max<uint64_t>(length_bytes, captured);
  drain(from, time_ns);
  (from == From::Client ? request_capture_ : response_capture_)
      .learn(reader, length_bytes, from == From::Client ? kRequestBytes : kResponseBytes);
  if (from == From::Client) {
    if (!requests_.empty()) requests_.back().exchange.request_bytes += size_bytes;
    return;
  }
  server_last_ns_ = time_ns;
  const auto fed = events().subspan(before);
  auto ended = std::find_if(fed.rbegin(), fed.rend(),
                            [](const ConversationEvent& event) { return event.kind == ConversationEvent::Kind::End; });
  if (ended != fed.rend())
    exchange(*ended).reply_bytes += size_bytes;
  else if (!requests_.empty() && owed_.empty())
    requests_.front().exchange.reply_bytes += size_bytes;
  if (requests_.empty() || !owed_.empty()) return;
  requests_.front().last_reply_ns = time_ns;
  if (requests_.front().end_unseen) answered_request(requests_.front().token);
}

void HttpConversation::gap(From from, int64_t time_ns, uint64_t length_bytes) {
  (from == From::Client ? client_ : server_).gap(time_ns, length_bytes);
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
    if (part->kind == Part::Kind::Missed) {
      note_missed(from, time_ns);
    } else if (part->kind == Part::Kind::Head) {
      from == From::Client ? request_head(*part, time_ns) : response_head(*part, time_ns);
    } else if (from == From::Server) {
      response_end(*part, time_ns);
    }
  }
  counts_.resyncs += reader.take_resyncs();
  if (from == From::Client) {
    const std::optional<PartialHead> partial = client_.partial();
    if (partial && partial->begin_ns == time_ns && begun_ == RequestToken::None)
      begun_ = begin_request(partial->begin_ns, partial->begin_offset);
  }
}

// Notes a gap that may hold whole messages. The number of requests or responses in it is unknown.
void HttpConversation::note_missed(From from, int64_t time_ns) {
  if (from == From::Client) {
    // A client without pipelining lost the end of its only request: the rest of its body or of its head.
    if (!pipelines_ && requests_.size() == 1) return;
    client_missed_ = true;
    if (requests_.empty() && !pipelines_) return;
    if (!unsure_) sure_left_ = requests_.size();
  } else {
    const bool owed = !std::exchange(owed_, {}).empty();
    if (requests_.size() < 2 && !owed) return;
    response_capture_.head_bytes = CapturePolicy::kMaxHeadBytes;
    server_.look_within_segments();
    sure_left_ = 0;
  }
  if (!std::exchange(unsure_, true)) unsure_since_ns_ = time_ns;
  for (size_t i = sure_left_; i < requests_.size(); ++i) requests_[i].exchange.flags |= kHole;
}

HttpConversation::Request& HttpConversation::add_request(int64_t begin_ns, uint32_t offset_bytes) {
  Request& request = requests_.emplace_back();
  request.token = std::exchange(begun_, RequestToken::None);
  if (request.token == RequestToken::None) request.token = begin_request(begin_ns, offset_bytes);
  request.exchange.protocol = "http";
  request.exchange.begin_ns = begin_ns;
  return request;
}

void HttpConversation::request_head(const Part& part, int64_t time_ns) {
  Head head = parse_head(From::Client, part.text, part.cut);
  if (part.cut) request_capture_.head_was_cut();
  if (head.method.empty()) {
    ++counts_.malformed;
    if (begun_ != RequestToken::None) drop_request(std::exchange(begun_, RequestToken::None));
    return client_.set_body(Body::Unknown, 0);
  }
  any_request_ = true;
  if (answered_all()) match_answers();
  if (requests_.size() == 1 && requests_.front().last_reply_ns != 0 && server_.adrift()) {
    server_.abandon();  // a client that sends a new request has received the whole previous response
    end_front(requests_.front().last_reply_ns, requests_.front().until_close ? 0u : uint32_t{kHole});
  }
  pipelines_ |= !requests_.empty();
  if (requests_.size() >= kMaxRequests) give_up_front(time_ns, kUnfinished | kHole);
  Request& request = add_request(part.begin_ns, part.begin_offset);
  if (std::exchange(client_missed_, false) || unsure_) request.exchange.flags |= kHole;
  describe_request(request, head, part.cut);
  client_.set_body(part.cut              ? Body::Unknown
                   : head.chunked        ? Body::Chunked
                   : head.content_length ? Body::Sized
                                         : Body::None,
                   head.content_length.value_or(0));
}

void HttpConversation::describe_request(Request& request, const Head& head, bool cut) {
  Exchange& exchange = request.exchange;
  request.method = head.method.substr(0, 32);
  if (cut) {
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
  exchange.context = head.context;
}

// Returns the request that a response answers. If the request's own head was not seen, creates a request.
HttpConversation::Request& HttpConversation::answered(const Part& part) {
  if (requests_.empty()) {
    Request& request = add_request(part.begin_ns, part.begin_offset);
    request.exchange.name = "unknown request";
    request.exchange.flags = any_request_ ? kHole | kTextUnknown : kBegunBefore | kTextUnknown;
    ++counts_.text_unknown;
    any_request_ = true;
    client_missed_ = false;
  }
  Request& request = requests_.front();
  if (request.exchange.first_reply_ns == 0) request.exchange.first_reply_ns = part.begin_ns;
  return request;
}

// Returns the form of a response's body, in the order of RFC 9112 §6.3.
Body HttpConversation::response_body(const Head& head, std::string_view method) const {
  if (head.status == 101) return Body::Opaque;
  if (method == "CONNECT" && head.status / 100 == 2) return Body::Opaque;
  if (method == "HEAD" || head.status / 100 == 1 || head.status == 204 || head.status == 304)
    return head.cut ? Body::Unknown : Body::None;
  if (head.cut) return Body::Unknown;
  if (head.chunked) return Body::Chunked;
  if (head.transfer_encoded) return Body::UntilClose;
  return head.content_length ? Body::Sized : Body::UntilClose;
}

void HttpConversation::response_head(const Part& part, int64_t time_ns) {
  Head head = parse_head(From::Server, part.text, part.cut);
  if (part.cut) response_capture_.head_was_cut();
  if (head.status == 0) {
    ++counts_.malformed;
    return server_.set_body(Body::Unknown, 0);
  }
  interim_ = head.status / 100 == 1 && head.status != 101;
  if (!owed_.empty()) {
    const Body body = response_body(head, owed_.front() ? "HEAD" : std::string_view());
    return server_.set_body(body, head.content_length.value_or(0));
  }
  if (unsure_ && sure_left_ == 0) {
    if (answer_.first_reply_ns == 0) answer_.first_reply_ns = part.begin_ns;
    if (!interim_) answer_.status = head.status;
    return server_.set_body(response_body(head, {}), head.content_length.value_or(0));
  }
  Request& request = answered(part);
  Body body = response_body(head, request.method);
  request.until_close = body == Body::UntilClose;
  request.end_unseen = body == Body::Unknown;
  if (!interim_) {
    request.answered = true;
    set_status(request.exchange, head.status);
  }
  server_.set_body(body, head.content_length.value_or(0));
  if (body != Body::Opaque) return;
  client_.go_opaque();
  upgraded_ = true;
  end_front(time_ns, 0);
}

void HttpConversation::response_end(const Part& part, int64_t time_ns) {
  if (std::exchange(interim_, false)) return;
  if (!owed_.empty()) return owed_.pop_front();
  if (unsure_ && sure_left_ == 0) {
    if (answer_.status == 0) return;
    answer_.end_ns = time_ns;
    if (answers_.size() >= kMaxRequests) answers_.erase(answers_.begin());
    answers_.push_back(std::exchange(answer_, {}));
    for (const Request& request : requests_) answered_request(request.token);
    return;
  }
  if (requests_.empty()) return;
  const int64_t last_ns = requests_.front().last_reply_ns;
  part.cut&& last_ns != 0 ? end_front(last_ns, kHole) : end_front(time_ns, 0);
}

void HttpConversation::end_front(int64_t time_ns, uint32_t flags) {
  Request request = std::move(requests_.front());
  requests_.pop_front();
  if (sure_left_ > 0) --sure_left_;
  request.exchange.end_ns = std::max(time_ns, request.exchange.begin_ns);
  request.exchange.flags |= flags;
  counts_.gap_requests += (request.exchange.flags & kHole) != 0;
  end_request(request.token, std::move(request.exchange));
}

// Ends the oldest request without waiting for its response. The response belongs to no request when it arrives.
void HttpConversation::give_up_front(int64_t time_ns, uint32_t flags) {
  // With so many missing responses, the order is counted from the other end.
  constexpr size_t kMostOwed = 4096;
  if (!unsure_) owed_.push_back(requests_.front().method == "HEAD");
  end_front(time_ns, flags);
  if (owed_.size() > kMostOwed) note_missed(From::Server, time_ns);
}

// Like PostgresqlConversation::answered_all().
bool HttpConversation::answered_all() const {
  if (!unsure_ || sure_left_ > 0 || answers_.empty() || !server_.between_messages()) return false;
  const int64_t end_ns = answers_.back().end_ns;
  return answer_.first_reply_ns == 0 && end_ns >= server_last_ns_ &&
         (requests_.empty() || end_ns >= requests_.back().exchange.begin_ns);
}

// Matches backwards: the last response belongs to the last request, and so on. Remaining requests were answered within
// the gap. Remaining responses belong to requests that were not seen.
void HttpConversation::match_answers() {
  unsure_ = false;
  std::vector<Answer> answers = std::exchange(answers_, {});
  answer_ = {};
  size_t next = answers.size() > requests_.size() ? answers.size() - requests_.size() : 0;
  for (size_t i = 0; i < next; ++i) {
    Exchange exchange;
    exchange.protocol = "http";
    exchange.name = "unknown request";
    exchange.begin_ns = unsure_since_ns_;
    exchange.first_reply_ns = answers[i].first_reply_ns;
    exchange.end_ns = std::max(answers[i].end_ns, unsure_since_ns_);
    exchange.flags = kHole | kTextUnknown;
    set_status(exchange, answers[i].status);
    ++counts_.text_unknown;
    ++counts_.gap_requests;
    end_request(begin_request(unsure_since_ns_, 0), std::move(exchange));
  }
  for (size_t in_gap = requests_.size() - (answers.size() - next); in_gap > 0; --in_gap)
    end_front(unsure_since_ns_, kHole);
  for (; next < answers.size(); ++next) {
    Request& request = requests_.front();
    request.exchange.first_reply_ns = answers[next].first_reply_ns;
    set_status(request.exchange, answers[next].status);
    end_front(answers[next].end_ns, kHole);
  }
}

void HttpConversation::close(int64_t time_ns, Closing why) {
  if (begun_ != RequestToken::None) drop_request(std::exchange(begun_, RequestToken::None));
  const bool was_unsure = unsure_;
  if (unsure_ && !answers_.empty()) match_answers();
  unsure_ = was_unsure && why == Closing::GivenUp;
  const bool closed = why == Closing::ConnectionClosed;
  while (!requests_.empty()) {
    const Request& request = requests_.front();
    if (why == Closing::GivenUp && !unsure_) owed_.push_back(request.method == "HEAD");
    const bool lost = request.end_unseen || server_.adrift() || (request.exchange.flags & kHole) != 0;
    if (request.answered && request.until_close)
      end_front(request.last_reply_ns, closed ? 0u : uint32_t{kUnfinished});
    else if (request.answered && lost)
      end_front(request.last_reply_ns, kHole);
    else
      end_front(time_ns, closed ? kUnanswered : kUnfinished);
  }
}

std::optional<CurrentRequest> HttpConversation::current() const {
  if (requests_.empty()) return std::nullopt;
  return CurrentRequest{requests_.front().exchange.begin_ns, {}};
}

}  // namespace culprit::http
