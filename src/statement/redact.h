// Secrets in what is not SQL: command lines, URLs. What is masked becomes "?". Better too much than too little.
#pragma once

#include <string_view>

#include "statement/path_template.h"

namespace culprit {

// A process's command line as the kernel has it, words ended by NUL (or, where there is none, by spaces); out come words with
// spaces between them. Kept are the program, names of options, and what is known to be harmless: numbers, addresses, scripts,
// paths (home directories cut to "~", ids in them "{id}"), subcommands. Everything else is "?".
Redacted redact_command(std::string_view command);

// A file's path: home directories are cut to "~", segments that look like ids or secrets are "{id}".
Redacted redact_file(std::string_view path);

// A request target: "/a/b?c=d&e" becomes "/a/b?c=?&e=?"; the path is a template.
Redacted redact_target(std::string_view target);
// The path alone, the query dropped.
Redacted redact_path(std::string_view target);

}  // namespace culprit
