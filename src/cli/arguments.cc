#include "cli/arguments.h"

#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace culprit::cli {

namespace {

Error mistyped(std::string_view what, std::string_view text, const char* fix) {
  return {Error::Kind::Usage, "not a " + std::string(what) + ": '" + std::string(text) + "'", fix};
}

// Parses a decimal number at the beginning of `text` and removes it from the text; returns NaN if there is none.
double take_number(std::string_view& text) {
  double number = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc()) return NAN;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

}  // namespace

Result<int64_t> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  std::string_view rest = text;
  double number = take_number(rest);
  for (auto& [name, factor] : kUnits)
    if (rest == name && number > 0 && number * factor < 9e18)
      return static_cast<int64_t>(std::llround(number * factor));
  return mistyped("duration", text, "for example 1.5s, 200ms, 15m");
}

Result<int64_t> parse_time(std::string_view text, int64_t now_ns) {
  constexpr const char* kFix = "RFC 3339 (2026-11-24T18:00:00Z), Unix seconds, -15m, or now";
  if (text == "now") return now_ns;
  if (text.starts_with('-')) {
    auto duration = parse_duration(text.substr(1));
    if (!duration.has_value()) return mistyped("time", text, kFix);
    return now_ns - duration.value();
  }
  std::string_view rest = text;
  double seconds = take_number(rest);
  if (rest.empty() && seconds >= 0 && seconds < 9e9) return static_cast<int64_t>(std::llround(seconds * 1e9));

  std::string copy(text);
  std::tm parts{};
  const char* end = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) end = strptime(copy.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  if (end == nullptr) return mistyped("time", text, kFix);
  int64_t time_ns = static_cast<int64_t>(timegm(&parts)) * 1'000'000'000;
  std::string_view tail(end);
  if (tail.starts_with('.')) {
    double fraction = take_number(tail);
    if (!(fraction >= 0)) return mistyped("time", text, kFix);
    time_ns += std::llround(fraction * 1e9);
  }
  if (tail.empty() || tail == "Z" || tail == "z") return time_ns;
  int hours = 0, minutes = 0;
  char sign = 0;
  if (std::sscanf(std::string(tail).c_str(), "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-'))
    return mistyped("time", text, kFix);
  int64_t offset_ns = (hours * 60 + minutes) * 60'000'000'000ll;
  return sign == '+' ? time_ns - offset_ns : time_ns + offset_ns;
}

Result<uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  double number = take_number(rest);
  uint64_t factor = rest.empty()                 ? 1
                    : rest == "K" || rest == "k" ? 1024
                    : rest == "M"                ? 1 << 20
                    : rest == "G"                ? 1 << 30
                                                 : 0;
  if (!(number > 0) || factor == 0 || number * static_cast<double>(factor) > 1e15)
    return mistyped("size", text, "for example 64K, 16M");
  return static_cast<uint64_t>(number * static_cast<double>(factor));
}

}  // namespace culprit::cli
