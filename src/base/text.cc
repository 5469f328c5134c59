#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace culprit {

namespace {

// Returns `number`, which must be below 1000, with three significant digits.
std::string three_digits(double number) {
  char buffer[32];
  int decimals = std::abs(number) >= 99.95 ? 0 : std::abs(number) >= 9.995 ? 1 : 2;
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, number);
  std::string text = buffer;
  if (decimals > 0) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

// Returns the length of the well-formed UTF-8 sequence at the start of `text`; 0: there is none. Table 3-7 of the
// Unicode Standard.
size_t sequence_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  auto continues = [&](size_t i, unsigned char low = 0x80, unsigned char high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return continues(1) ? 2 : 0;
  if (first < 0xf0) {
    unsigned char low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first < 0xf5) {
    unsigned char low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Returns the code point of a well-formed sequence.
uint32_t code_point(std::string_view sequence) {
  auto first = static_cast<unsigned char>(sequence[0]);
  uint32_t code = sequence.size() == 1 ? first : first & (0xff >> (sequence.size() + 1));
  for (char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return code;
}

// Returns true for characters that control a terminal: C0, DEL, C1, and bidirectional controls (UAX #9: marks,
// embeddings, overrides, isolates).
bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// Code points without width: combining marks and invisible characters. Wide code points (UAX #11: W and F) follow
// below. The ranges are whole Unicode blocks: terminals differ in the details, so exact ranges would not help.
struct Range {
  uint32_t first, last;
};
constexpr Range kNarrow[] = {{0x300, 0x36f},   {0x1ab0, 0x1aff}, {0x200b, 0x200d}, {0x20d0, 0x20ff},
                             {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
constexpr Range kWide[] = {{0x1100, 0x115f},  {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},
                           {0xac00, 0xd7a3},  {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                           {0xffe0, 0xffe6},  {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
                           {0x20000, 0x3fffd}};

// Returns the width of a code point, or of a byte that belongs to none.
size_t width_of(std::string_view piece) {
  if (piece.size() < 2) return 1;
  uint32_t code = code_point(piece);
  auto holds = [code](const Range& range) { return code >= range.first && code <= range.last; };
  if (std::any_of(std::begin(kNarrow), std::end(kNarrow), holds)) return 0;
  return std::any_of(std::begin(kWide), std::end(kWide), holds) ? 2 : 1;
}

}  // namespace

std::string format_duration(int64_t duration_ns) {
  double absolute = std::abs(static_cast<double>(duration_ns));
  double number = static_cast<double>(duration_ns);
  if (absolute < 999.5) return std::to_string(duration_ns) + " ns";
  if (absolute < 999.5e3) return three_digits(number / 1e3) + " µs";
  if (absolute < 999.5e6) return three_digits(number / 1e6) + " ms";
  if (absolute < 999.5e9) return three_digits(number / 1e9) + " s";
  return format_count(std::llround(number / 1e9)) + " s";
}

std::string format_bytes(uint64_t size_bytes) {
  static constexpr const char* kUnits[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  double number = static_cast<double>(size_bytes);
  size_t unit = 0;
  while (number >= 999.5) number /= 1000, ++unit;
  return three_digits(number) + kUnits[unit];
}

std::string format_count(int64_t n) {
  std::string digits = std::to_string(n);
  size_t first = n < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string format_share(double share) {
  char buffer[32];
  double percent = share * 100;
  std::snprintf(buffer, sizeof buffer, percent > 0 && percent < 0.95 ? "%.1f %%" : "%.0f %%", percent);
  return buffer;
}

std::string format_time(int64_t time_ns, Zone zone) {
  int64_t seconds = time_ns / 1'000'000'000, rest = time_ns % 1'000'000'000;
  if (rest < 0) --seconds, rest += 1'000'000'000;
  time_t when = seconds;
  std::tm parts{};
  if ((zone == Zone::Utc ? gmtime_r(&when, &parts) : localtime_r(&when, &parts)) == nullptr)
    return std::to_string(time_ns) + " ns";
  char buffer[80];
  size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string text(buffer, length);
  if (rest != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09lld", static_cast<long long>(rest));
    text += buffer;
    while (text.back() == '0') text.pop_back();
  }
  if (zone == Zone::Utc) return text + "Z";
  long minutes = std::abs(parts.tm_gmtoff) / 60;
  std::snprintf(buffer, sizeof buffer, "%c%02ld:%02ld", parts.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return text + buffer;
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = sequence_length(text);
    out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = sequence_length(text);
    std::string_view piece = text.substr(0, std::max<size_t>(length, 1));
    text.remove_prefix(piece.size());
    if (length == 0) {
      out += kReplacement;
      continue;
    }
    uint32_t code = code_point(piece);
    if (code == '\n' || code == '\t' || code == '\r' || code == 0x2028 || code == 0x2029)
      out += ' ';
    else if (is_control(code))
      out += kReplacement;
    else
      out += piece;
  }
  return out;
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(kSafe) == std::string_view::npos) return std::string(text);
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    std::string_view piece = text.substr(0, std::max<size_t>(sequence_length(text), 1));
    width += width_of(piece);
    text.remove_prefix(piece.size());
  }
  return width;
}

size_t fitting_bytes(std::string_view text, size_t columns) {
  size_t kept = 0, width = 0;
  while (kept < text.size()) {
    std::string_view rest = text.substr(kept);
    std::string_view piece = rest.substr(0, std::max<size_t>(sequence_length(rest), 1));
    width += width_of(piece);
    if (width > columns) break;
    kept += piece.size();
  }
  return kept;
}

std::string fitted(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(text.substr(0, fitting_bytes(text, columns - 1))) + "…";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  size_t best_distance = 3;
  for (std::string_view candidate : candidates) {
    std::vector<size_t> row(candidate.size() + 1);
    for (size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (size_t i = 0; i < word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i + 1;
      for (size_t j = 0; j < candidate.size(); ++j) {
        size_t change = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = candidate;
  }
  return best;
}

}  // namespace culprit
