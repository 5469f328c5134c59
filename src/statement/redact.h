// Secrets in what is not SQL: command lines, URLs. What is masked becomes "?". Better too much than too little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit {

struct Redacted {
  std::string text;    // valid UTF-8
  uint32_t count = 0;  // places that were masked
};

// A process's command line as the kernel has it, words ended by NUL (or, where there is none, by spaces); out come words with
// spaces between them. Masked: what follows -p, --password and the like, NAME=value and "Name: value" where the name speaks of
// a secret, the password in a URL, the values of its query, and whatever looks_secret().
Redacted redact_command(std::string_view command);

// A request target: "/a/b?c=d&e" becomes "/a/b?c=?&e=?"; segments of the path that look secret become "?".
Redacted redact_target(std::string_view target);
// The path alone, the query dropped.
Redacted redact_path(std::string_view target);

// Whether a run of letters, digits and -_.+/=~ looks like a key or token: a known prefix (AKIA, ghp_, eyJ, xox, sk_live …), or
// so long and so irregular that no person chose it.
bool looks_secret(std::string_view token);

}  // namespace culprit
