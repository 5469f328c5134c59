// Paths of URLs as templates: what names one thing of many becomes "{id}", words stay.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit {

struct Redacted {
  std::string text;    // valid UTF-8
  uint32_t count = 0;  // places that were masked
};

// "/users/jane@example.org/orders/42;v=1?page=2" is "/users/{id}/orders/{id};{id}". The query is dropped. A template's
// template is itself.
Redacted path_template(std::string_view target);

// Whether a segment names one thing of many: a number, a date, hex, a UUID, an address, base64, a token, or one longer than
// words are. "v1", "oauth2", "app.css" and "getCustomerById" do not.
bool identifies(std::string_view segment);

// Whether a run of letters, digits and -_.+/=~ looks like a key or token: a known prefix (AKIA, ghp_, eyJ, xox, sk_live …), or
// so long and so irregular that no person chose it.
bool looks_secret(std::string_view token);

}  // namespace culprit
