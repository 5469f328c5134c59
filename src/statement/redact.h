// Removes secrets from texts other than SQL: command lines and URLs. A masked part becomes "?". In doubt, a part is
// masked.
#pragma once

#include <string_view>

#include "statement/path_template.h"

namespace culprit {

// Redacts the command line of a process. The kernel ends the words with NUL; without NUL, spaces separate them. Returns
// the words separated by spaces. It keeps the program, names of options, and known harmless words: numbers, addresses,
// scripts, paths (home directories as "~", ids as "{id}") and subcommands. Every other word becomes "?".
Redacted redact_command(std::string_view command);

// Redacts a file path: home directories become "~", and segments that look like ids or secrets become "{id}".
Redacted redact_file(std::string_view path);

// Redacts a request target: "/a/b?c=d&e" becomes "/a/b?c=?&e=?", with the path as a template.
Redacted redact_target(std::string_view target);
// Redacts the path of a request target and drops the query.
Redacted redact_path(std::string_view target);

}  // namespace culprit
