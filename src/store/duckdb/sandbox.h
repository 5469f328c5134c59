// The sandbox of a process that runs a query. The process reads and computes. It can write only to its own temporary
// directory.
#pragma once

#include <string>

#include "store/interface/reader.h"

namespace culprit {

// Sets the resource limits of the process. Must be called before the database is opened.
void set_process_limits(const SqlLimits& limits);

// Forbids creating and writing files outside of `directory` (Landlock, Linux 5.13). Returns false if the kernel does
// not support this. Must be called before the database is opened, because threads inherit the restriction.
bool write_only_below(const std::string& directory);

// Allows only the system calls that a query needs (seccomp). `writes`: whether calls that create, write and remove
// files are allowed too; write_only_below() must precede.
enum class Writes { None, BelowDirectory };
bool allow_only_queries(Writes writes);

}  // namespace culprit
