#include "protocol/http/head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "statement/path_template.h"
#include "statement/trace_context.h"

namespace culprit::http {

namespace {

constexpr std::array<std::string_view, 9> kMethods = {"GET",     "POST",  "PUT",     "DELETE", "HEAD",
                                                      "OPTIONS", "PATCH", "CONNECT", "TRACE"};
// Methods of RFC 4918 and RFC 3253, and methods of caches and search servers. They begin a request, but OpenTelemetry's
// list of method names does not contain them.
constexpr std::array<std::string_view, 11> kOtherMethods = {"PROPFIND", "PROPPATCH", "MKCOL",  "COPY",  "MOVE", "LOCK",
                                                            "UNLOCK",   "REPORT",    "SEARCH", "PURGE", "QUERY"};
constexpr size_t kMaxRoute = 256;
constexpr size_t kMaxHeaders = 256;  // further headers are ignored

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool same(std::string_view a, std::string_view lower_b) {
  return a.size() == lower_b.size() &&
         std::equal(a.begin(), a.end(), lower_b.begin(), [](char x, char y) { return lower(x) == y; });
}
bool lists(std::string_view value, std::string_view lower_word) {
  for (std::string_view item : split(value, ','))
    if (same(trimmed(item), lower_word)) return true;
  return false;
}

// Removes the next line from `text` and returns it without its line end.
std::string_view next_line(std::string_view& text) {
  size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void read_request_line(Head& head, std::string_view line) {
  size_t first = line.find(' '), last = line.rfind(' ');
  bool versioned = last != std::string_view::npos && last > first && line.substr(last + 1).starts_with("HTTP/1.");
  if (first == std::string_view::npos || first == 0 || first > 32 || (!versioned && !head.cut)) return;
  std::string_view method = line.substr(0, first);
  bool token =
      std::all_of(method.begin(), method.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
  if (!token) return;
  head.method = method;
  head.target = trimmed(line.substr(first + 1, versioned ? last - first - 1 : std::string_view::npos));
}

void read_status_line(Head& head, std::string_view line) {
  if (!begins_response(line) || line.size() < 12) return;
  int status = 0;
  auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  if (error == std::errc() && end == line.data() + 12 && status >= 100) head.status = status;
}

void read_header(Head& head, std::string_view name, std::string_view value) {
  if (same(name, "content-length")) {
    uint64_t length = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error == std::errc() && end == value.data() + value.size()) head.content_length = length;
  } else if (same(name, "transfer-encoding")) {
    head.transfer_encoded = true;
    head.chunked = lists(value, "chunked");
  } else if (same(name, "upgrade")) {
    head.upgrade = true;
  } else if (same(name, "host")) {
    head.host = value;
  } else if (same(name, "traceparent")) {
    std::string state = head.context ? std::move(head.context->trace_state) : std::string();
    head.context = parse_traceparent(value);
    if (head.context) head.context->trace_state = std::move(state);
  } else if (same(name, "tracestate") && acceptable_trace_state(value)) {
    if (!head.context) head.context = TraceContext{};
    head.context->trace_state = value;
  }
}

}  // namespace

bool begins_request(std::string_view bytes) {
  auto begins_with = [&](std::string_view method) {
    if (!bytes.starts_with(method) || bytes.size() < method.size() + 2 || bytes[method.size()] != ' ') return false;
    std::string_view line = bytes.substr(0, bytes.find('\n'));
    char target = bytes[method.size() + 1];
    bool form = target == '/' || target == '*' || lower(target) == 'h' || method == "CONNECT";
    bool whole = line.size() < bytes.size();
    return form && (!whole || line.find(" HTTP/1.") != std::string_view::npos);
  };
  return std::any_of(kMethods.begin(), kMethods.end(), begins_with) ||
         std::any_of(kOtherMethods.begin(), kOtherMethods.end(), begins_with);
}

bool begins_response(std::string_view bytes) {
  return bytes.size() >= 9 && bytes.starts_with("HTTP/1.") && digit(bytes[7]) && bytes[8] == ' ';
}

Head parse_head(From from, std::string_view text, bool cut) {
  Head head;
  head.cut = cut;
  std::string_view first = next_line(text);
  from == From::Client ? read_request_line(head, first) : read_status_line(head, first);
  for (size_t i = 0; i < kMaxHeaders && !text.empty(); ++i) {
    bool whole = text.find('\n') != std::string_view::npos;
    std::string_view line = next_line(text);
    if (line.empty()) break;
    size_t colon = line.find(':');
    if (colon != std::string_view::npos && whole)
      read_header(head, line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  if (head.context && head.context->trace_id.zero()) head.context.reset();  // a tracestate without a traceparent
  return head;
}

std::string_view known_method(std::string_view method) {
  auto known = std::find(kMethods.begin(), kMethods.end(), method);
  return known == kMethods.end() ? std::string_view("_OTHER") : *known;
}

std::string route_of(std::string_view path) {
  std::string route = path_template(path).text;
  if (route.size() <= kMaxRoute) return route;
  size_t end = route.rfind('/', kMaxRoute);
  route.resize(end == std::string::npos ? 0 : end + 1);
  return route + "…";
}

}  // namespace culprit::http
