// Templates of URL paths: a segment that names a single object becomes "{id}", words are kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit {

struct Redacted {
  std::string text;    // valid UTF-8
  uint32_t count = 0;  // number of masked places
};

// Returns the template of a path without its query: "/users/jane@example.org/orders/42;v=1?page=2" becomes
// "/users/{id}/orders/{id};{id}". The template of a template is the template itself.
Redacted path_template(std::string_view target);

// Returns true if a segment names a single object: a number, a date, hex, a UUID, an address, base64, a token, or a
// text longer than words are. "v1", "oauth2", "app.css" and "getCustomerById" give false.
bool identifies(std::string_view segment);

// Returns true if a run of letters, digits and -_.+/=~ looks like a key or a token. It has a known prefix (AKIA, ghp_,
// eyJ, xox, sk_live …), or it is so long and irregular that no person chose it.
bool looks_secret(std::string_view token);

}  // namespace culprit
