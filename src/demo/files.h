// Small files, and free ports: what demo needs from the machine.
#pragma once

#include <string>

#include "base/result.h"
#include "demo/process.h"

namespace culprit::demo {

// Returns a TCP port of 127.0.0.1 on which no process listens now.
Result<int> free_port();

// Replaces the file.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode, const User& owner);
Result<std::string> read_file(const std::string& path);
Result<void> copy_program(const std::string& from, const std::string& to);
Result<void> make_directory(const std::string& path, mode_t mode, const User& owner);

// Returns CLOCK_REALTIME in nanoseconds.
int64_t wall_ns();
// Returns `bytes` random bytes in hex, used as a password.
std::string random_hex(int bytes);

}  // namespace culprit::demo
