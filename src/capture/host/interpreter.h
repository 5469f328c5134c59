// What an interpreter runs: the script, module, class or archive among its arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culprit::capture {

// The last part of a path, without the kernel's " (deleted)".
std::string_view base_name(std::string_view path);

// Whether a thread or program of this name is an interpreter: then the name tells nothing of what it runs.
bool is_interpreter(std::string_view name);

// What people call it: "thumbs.py", "app.web" (python -m), "shop.jar", "com.example.Main". Empty where `program` (a base
// name) is no interpreter, or runs code from its command line or its input. `arguments`: argv, the program's own name first.
std::string script_of(std::string_view program, const std::vector<std::string>& arguments);

}  // namespace culprit::capture
