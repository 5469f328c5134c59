// The head of an HTTP/1.x message: its first line and its headers (RFC 9112).
//
// Only these headers are read: Host, Content-Length, Transfer-Encoding, Upgrade, traceparent, tracestate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit::http {

// Return true if `bytes` begin with a known method and a target (request), or with "HTTP/1." and a digit (response).
// Too few bytes: false.
bool begins_request(std::string_view bytes);
bool begins_response(std::string_view bytes);

struct Head {
  std::string_view method, target;  // set for a request; empty: malformed
  int status = 0;                   // set for a response; 0: malformed
  bool chunked = false;
  bool transfer_encoded = false;  // a Transfer-Encoding header with any value
  bool upgrade = false;
  bool cut = false;  // the head was not captured to its end: headers may be missing here
  std::optional<uint64_t> content_length;
  std::string_view host;
  std::optional<TraceContext> context;
};
// Parses a head. `text` begins with the first line and may be incomplete.
Head parse_head(From from, std::string_view text, bool cut);

// Returns the method, or "_OTHER" for a method that OpenTelemetry's list does not contain.
std::string_view known_method(std::string_view method);

// Returns the template of a path without its query: "/orders/42/items" → "/orders/{id}/items".
std::string route_of(std::string_view path);

}  // namespace culprit::http
