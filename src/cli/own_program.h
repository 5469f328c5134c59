// The path of the running program.
#pragma once

#include <string>

namespace culprit::cli {

// Returns the target of /proc/self/exe; empty if there is no /proc.
std::string own_program();
// Returns the program's folder, without "/" at its end.
std::string own_directory();

}  // namespace culprit::cli
