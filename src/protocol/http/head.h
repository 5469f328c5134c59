// The head of an HTTP/1.x message: its first line and the few headers that are read (RFC 9112).
//
// No header outside of the allow-list is looked at: Host, Content-Length, Transfer-Encoding, Upgrade, traceparent, tracestate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit::http {

// Whether `bytes` begin a request or response: a known method and a target, or "HTTP/1.". Few bytes are no answer: false.
bool begins_request(std::string_view bytes);
bool begins_response(std::string_view bytes);

struct Head {
  std::string_view method, target;  // of a request; empty: not well-formed
  int status = 0;                   // of a response; 0: not well-formed
  bool chunked = false;
  bool transfer_encoded = false;  // with anything
  bool upgrade = false;
  bool cut = false;  // it was not captured whole: what is not here may have been there
  std::optional<uint64_t> content_length;
  std::string_view host;
  std::optional<TraceContext> context;
};
// `text`: from the first line on, as far as it goes.
Head parse_head(From from, std::string_view text, bool cut);

// The method's name, or "_OTHER" for one that OpenTelemetry does not know.
std::string_view known_method(std::string_view method);

// "/orders/42/items" → "/orders/{id}/items": what requests of one kind have in common. Of a path without its query.
std::string route_of(std::string_view path);

}  // namespace culprit::http
