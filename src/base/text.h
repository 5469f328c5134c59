// Text for people: numbers with units, and foreign text made safe for a terminal.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culprit {

// "402 ms", "1.53 s", "17 µs", "250 ns": three significant digits, never a bare number. Negative values keep their sign.
std::string format_duration(int64_t duration_ns);

// "14 MB", "978 B": decimal units.
std::string format_bytes(uint64_t size_bytes);

// "2,391,204".
std::string format_count(int64_t n);

// "88 %", from 0.88. Below 1 %: one decimal.
std::string format_share(double share);

// RFC 3339 with nanoseconds cut to what is not zero: "2026-11-24T18:07:30Z", or in the zone of the process (TZ):
// "2026-11-24T19:07:30+01:00".
enum class Zone { Utc, Local };
std::string format_time(int64_t time_ns, Zone zone = Zone::Utc);

// `text` with control characters (C0, DEL, C1, bidirectional controls) and broken UTF-8 replaced by U+FFFD: what data may
// send to a terminal. What ends a line (also U+2028, U+2029) and tabs become a space.
std::string printable(std::string_view text);

// `text` as one word of a POSIX shell: as it is where that is safe, else in single quotes.
std::string shell_quoted(std::string_view text);

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool valid_utf8(std::string_view text);
// `text` with every ill-formed byte replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

// Columns that `text` takes on a terminal: one per code point, none where it combines with the one before, two where East
// Asian scripts and emoji are wide.
size_t display_width(std::string_view text);
// How many bytes the longest beginning of `text` has that takes at most `columns`.
size_t fitting_bytes(std::string_view text, size_t columns);
// `text` cut to `columns`, the last one being "…" where something was cut.
std::string fitted(std::string_view text, size_t columns);

std::vector<std::string_view> split(std::string_view text, char separator);
// Its parts would lie in a text that is gone.
template <std::same_as<std::string> Temporary>
void split(Temporary&& text, char separator) = delete;
std::string_view trimmed(std::string_view text);

// Of `candidates` the one that a typing error would turn into `word` (at most two edits), or empty.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace culprit
