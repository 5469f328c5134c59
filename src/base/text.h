// Text for users: numbers with units, and foreign text made safe for a terminal.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culprit {

// Returns "402 ms", "1.53 s", "17 µs" or "250 ns": three significant digits with a unit. Negative values keep their
// sign.
std::string format_duration(int64_t duration_ns);

// "14 MB", "978 B": decimal units.
std::string format_bytes(uint64_t size_bytes);

// "2,391,204".
std::string format_count(int64_t n);

// "88 %", from 0.88. Below 1 %: one decimal.
std::string format_share(double share);

// Returns a time in RFC 3339 format, with nanoseconds but without trailing zeros: "2026-11-24T18:07:30Z", or in the
// time zone of the process (TZ): "2026-11-24T19:07:30+01:00".
enum class Zone { Utc, Local };
std::string format_time(int64_t time_ns, Zone zone = Zone::Utc);

// Returns `text` with control characters (C0, DEL, C1, bidirectional controls) and ill-formed UTF-8 replaced by U+FFFD,
// so that it is safe on a terminal. Line ends (including U+2028 and U+2029) and tabs become a space.
std::string printable(std::string_view text);

// Returns `text` as one word of a POSIX shell: unchanged if that is safe, else in single quotes.
std::string shell_quoted(std::string_view text);

// Returns true if `text` is well-formed UTF-8 (RFC 3629: without surrogates and overlong forms).
bool valid_utf8(std::string_view text);
// Returns `text` with every ill-formed byte replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

// Returns the number of terminal columns of `text`: two for wide East Asian characters and emoji, none for combining
// marks, and one for other code points.
size_t display_width(std::string_view text);
// Returns the size of the longest prefix of `text` that fits into `columns`.
size_t fitting_bytes(std::string_view text, size_t columns);
// Returns `text` shortened to `columns`. A shortened text ends in "…".
std::string fitted(std::string_view text, size_t columns);

std::vector<std::string_view> split(std::string_view text, char separator);
// Deleted, because the parts would be views of a temporary string.
template <std::same_as<std::string> Temporary>
void split(Temporary&& text, char separator) = delete;
std::string_view trimmed(std::string_view text);

// Returns the candidate with at most two edits of difference to `word`; empty: there is none.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace culprit
