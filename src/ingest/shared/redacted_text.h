// Redaction of free text: messages, names, log bodies, nested values as JSON.
//
//   mail to jane@example.org             mail to ?
//   GET https://a:b@host/users/42?t=x    GET https://?@host/users/{id}?t=?
//   password=hunter2  "password": "x"    password=?  "password": "?"      (any key that names a secret)
//   Bearer abc  ghp_16C7e42F292c69…      Bearer ?  ?                      (words that look like a key or token)
//   /home/jane/app.py  4111111111111111  ~/app.py  ?                      (long numbers: cards, accounts)
#pragma once

#include <string>
#include <string_view>

namespace culprit {

// Returns `text` with these parts replaced. JSON stays JSON.
std::string redacted_text(std::string_view text);

// Redacts a URL or the target of a request: "https://user:secret@host/path?query" loses the user information and the
// values of the query, and its path becomes a template.
std::string redacted_target(std::string_view target);

// Returns whether the name of a key means that its value is a secret.
bool names_secret(std::string_view key);

// Returns `text` with every word that looks like a key or token masked.
std::string without_tokens(std::string_view text);

}  // namespace culprit
