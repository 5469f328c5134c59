// The bytes that a word of the notation stands for: a text in quotes, or a message of PostgreSQL's protocol.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace culprit::replay {

// `word` with an optional count before it, of one message or of several: 3*row(x), 3*(row(x) ready).
Result<std::string> payload(std::string_view word);

}  // namespace culprit::replay
