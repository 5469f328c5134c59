// Where answers go: stdout or a file, a terminal or not.
#pragma once

#include <string>

#include "base/result.h"

namespace culprit::cli {

// Columns of the terminal, else of $COLUMNS, else 100.
int terminal_width();
// The zone that times are printed in, for the whole process: "UTC", "local", "+02:00", or a name of the system's database.
Result<void> set_time_zone(const std::string& zone);
// `text` to stdout. A reader that went away (`| head`) is no failure.
Result<void> print_stdout(const std::string& text);

// One line on stderr, and how to mend it on a second one.
void tell_error(const Error& error);

}  // namespace culprit::cli
