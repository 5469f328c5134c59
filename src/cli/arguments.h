// Times, durations and sizes in the forms that users type.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace culprit::cli {

// Parses "1.5s" "200ms" "10us" "7d" "2m" "1h"; returns nanoseconds, positive.
Result<int64_t> parse_duration(std::string_view text);
// Parses RFC 3339, Unix seconds (with decimals), "now", or "-15m" (before now); returns nanoseconds since 1970.
Result<int64_t> parse_time(std::string_view text, int64_t now_ns);
// Parses "64K" "16M" "1G" "4096"; returns bytes. The units are powers of 1024.
Result<uint64_t> parse_size(std::string_view text);

}  // namespace culprit::cli
