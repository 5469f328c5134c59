// The lines of the trace notation about the machine, as a recorder would have seen it: its CPUs, its processes.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "ingest/notation/scanner.h"
#include "model/record.h"

namespace culprit::notation {

// What is wrong with a line.
using Wrong = std::string;

// "@host h1 0..10000 cpus=2 busy=12000", without its first word: times are since +0s, in nanoseconds.
std::variant<HostInfo, Wrong> parse_host(Scanner& scanner);

// "@process 300 carts running=9000 runnable=100 throttled=4000 cgroup=/shop service=carts parent=1", without its first word.
std::variant<Process, Wrong> parse_process(Scanner& scanner);

}  // namespace culprit::notation
