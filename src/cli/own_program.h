// Where this program lies.
#pragma once

#include <string>

namespace culprit::cli {

// Of /proc/self/exe; empty where there is no /proc.
std::string own_program();
// The folder that it lies in, without "/" at its end.
std::string own_directory();

}  // namespace culprit::cli
