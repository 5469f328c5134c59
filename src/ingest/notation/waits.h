// What a span's threads did, in the trace notation: the words waits= and blocker=, as a recorder would have seen it.
#pragma once

#include <optional>
#include <string_view>

#include "model/span.h"

namespace culprit::notation {

// "running:3,lock:40.5": milliseconds by kind of wait.
std::optional<WaitSums> parse_waits(std::string_view text);

// "lock:40:501" or "lock:40:501 UPDATE stock SET n = ?": kind of wait, milliseconds, the pid waited for, its last statement.
std::optional<Blocker> parse_blocker(std::string_view text);

}  // namespace culprit::notation
