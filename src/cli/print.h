// Where answers go: stdout or a file, a terminal or not.
#pragma once

#include <string>

#include "base/result.h"

namespace culprit::cli {

// Columns of the terminal, else of $COLUMNS, else 100.
int terminal_width();
// `text` to stdout. A reader that went away (`| head`) is no failure.
Result<void> print_stdout(const std::string& text);

// One line on stderr, and how to mend it on a second one.
void tell_error(const Error& error);

}  // namespace culprit::cli
