// Finds what an interpreter runs: the script, module, class or archive among its arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culprit::capture {

// Returns the last part of a path, without the kernel's suffix " (deleted)".
std::string_view base_name(std::string_view path);

// Returns whether a thread or program of this name is an interpreter: then the name does not identify the program.
bool is_interpreter(std::string_view name);

// Returns the usual name of the program: "thumbs.py", "app.web" (python -m), "shop.jar", "com.example.Main". Empty if
// `program` (a base name) is no interpreter, or runs code from its command line or its input. `arguments`: argv, with
// the program's own name first.
std::string script_of(std::string_view program, const std::vector<std::string>& arguments);

}  // namespace culprit::capture
