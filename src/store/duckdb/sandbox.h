// The sandbox of a process that answers a query: it reads, computes, and writes to one directory of its own at most.
#pragma once

#include <string>

#include "store/interface/reader.h"

namespace culprit {

// Limits of the process; before the database is opened.
void set_process_limits(const SqlLimits& limits);

// From here on nothing is made or written but below `directory` (Landlock, Linux 5.13); false where the kernel can't
// hold it to that. Before the database is opened: threads inherit it.
bool write_only_below(const std::string& directory);

// From here on only the system calls of a query are answered (seccomp). `writes`: also those that make, fill and remove
// files, after write_only_below().
enum class Writes { None, BelowDirectory };
bool allow_only_queries(Writes writes);

}  // namespace culprit
