// Parsers for the words waits= and blocker= of the trace notation: what a span's threads did, in the form of recorded
// data.
#pragma once

#include <optional>
#include <string_view>

#include "model/span.h"

namespace culprit::notation {

// Parses "running:3,lock:40.5": milliseconds for each kind of wait.
std::optional<WaitSums> parse_waits(std::string_view text);

// Parses "lock:40:501" or "lock:40:501 UPDATE stock SET n = ?": kind of wait, milliseconds, pid of the blocker, its
// last statement.
std::optional<Blocker> parse_blocker(std::string_view text);

}  // namespace culprit::notation
