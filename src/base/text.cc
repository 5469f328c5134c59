#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace culprit {

namespace {

// Three significant digits of `number`, which is below 1000.
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

// The length of the well-formed UTF-8 sequence that `text` begins with, or 0. Table 3-7 of the Unicode Standard.
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

std::string format_time(int64_t time_ns) {
  int64_t seconds = time_ns / 1'000'000'000, rest = time_ns % 1'000'000'000;
  if (rest < 0) --seconds, rest += 1'000'000'000;
  time_t when = seconds;
  std::tm parts{};
  if (gmtime_r(&when, &parts) == nullptr) return std::to_string(time_ns) + " ns";
  char buffer[80];
  size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string text(buffer, length);
  if (rest != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09lld", static_cast<long long>(rest));
    text += buffer;
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
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
    auto first = static_cast<unsigned char>(piece[0]);
    if (length == 0) {
      out += kReplacement;
    } else if (first == '\n' || first == '\t' || first == '\r') {
      out += ' ';
    } else if (first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(piece[1]) < 0xa0)) {
      out += kReplacement;  // C0, DEL, C1
    } else if (piece >= "\u202a" && piece <= "\u202e" && length == 3) {
      out += kReplacement;  // embeddings and overrides
    } else if (piece >= "\u2066" && piece <= "\u2069" && length == 3) {
      out += kReplacement;  // isolates
    } else {
      out += piece;
    }
  }
  return out;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string fitted(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t kept = 0, width = 0;
  while (kept < text.size() && width + 1 < columns) {
    ++width, ++kept;
    while (kept < text.size() && (text[kept] & 0xc0) == 0x80) ++kept;
  }
  return std::string(text.substr(0, kept)) + "…";
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
