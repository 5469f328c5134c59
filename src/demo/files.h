// Small files, whole, and ports: what demo needs of the machine.
#pragma once

#include <string>

#include "base/result.h"
#include "demo/process.h"

namespace culprit::demo {

// A TCP port of 127.0.0.1 that nobody listens on now.
Result<int> free_port();

// Replaces the file.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode, const User& owner);
Result<std::string> read_file(const std::string& path);
Result<void> copy_program(const std::string& from, const std::string& to);
Result<void> make_directory(const std::string& path, mode_t mode, const User& owner);

// CLOCK_REALTIME.
int64_t wall_ns();
// `bytes` random bytes in hex, for a password.
std::string random_hex(int bytes);

}  // namespace culprit::demo
