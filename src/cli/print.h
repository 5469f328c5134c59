// The output of answers: stdout or a file, a terminal or not.
#pragma once

#include <string>

#include "base/result.h"

namespace culprit::cli {

// Returns the columns of the terminal, else of $COLUMNS, else 100.
int terminal_width();
// Sets the zone of printed times for the whole process: "UTC", "local", "+02:00", or a name of the system's database.
Result<void> set_time_zone(const std::string& zone);
// Prints `text` to stdout. A closed pipe (`| head`) is no error.
Result<void> print_stdout(const std::string& text);

// Prints one line on stderr, and the fix on a second line.
void tell_error(const Error& error);

}  // namespace culprit::cli
