// Parsers for the lines of the trace notation about the machine, in the form of recorded data: its CPUs, its processes.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "ingest/notation/scanner.h"
#include "model/record.h"

namespace culprit::notation {

// The error of a line.
using Wrong = std::string;

// Parses "@host h1 0..10000 cpus=2 busy=12000" after the first word; times are nanoseconds since +0s.
std::variant<HostInfo, Wrong> parse_host(Scanner& scanner);

// Parses "@process 300 carts running=9000 runnable=100 throttled=4000 cgroup=/shop service=carts parent=1" after the
// first word.
std::variant<Process, Wrong> parse_process(Scanner& scanner);

}  // namespace culprit::notation
