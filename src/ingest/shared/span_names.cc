#include "ingest/shared/span_names.h"

#include <charconv>
#include <chrono>
#include <string>

namespace culprit {

namespace {

// Returns the last word of a name in lower case: "SPAN_KIND_SERVER" and "SpanKind.SERVER" give "server".
std::string last_word(std::string_view name) {
  size_t separator = name.find_last_of("_.");
  if (separator != std::string_view::npos) name.remove_prefix(separator + 1);
  std::string word(name.substr(0, 16));  // longer than any known word
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return word;
}

// Reads a decimal number of exactly `digits` digits at the front of `text` and removes it from the text; -1: there is
// none.
int take_digits(std::string_view& text, size_t digits) {
  int number = -1;
  if (text.size() < digits) return -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits || number < 0) return -1;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Parses "Z", "+02:00", "-0730" or nothing (UTC); returns the seconds east of Greenwich.
std::optional<int64_t> offset_seconds(std::string_view text) {
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty() || text == "Z" || text == "z" || text == "UTC") return 0;
  bool west = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  int hours = take_digits(text, 2);
  take(text, ":");
  int minutes = take_digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  int64_t seconds = hours * 3600 + minutes * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::optional<SpanKind> span_kind_of(std::string_view name) {
  static constexpr std::string_view kNames[] = {"unspecified", "internal", "server", "client", "producer", "consumer"};
  std::string word = last_word(name);
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (word == kNames[i]) return static_cast<SpanKind>(i);
  return std::nullopt;
}

std::optional<SpanStatus> span_status_of(std::string_view name) {
  static constexpr std::string_view kNames[] = {"unset", "ok", "error"};
  std::string word = last_word(name);
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (word == kNames[i]) return static_cast<SpanStatus>(i);
  return std::nullopt;
}

std::optional<int32_t> severity_of(std::string_view name) {
  static constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error", "fatal"};
  std::string word = last_word(name);
  if (word == "unspecified") return 0;
  if (word == "warning") return 13;
  int32_t step = 1;
  if (!word.empty() && word.back() >= '2' && word.back() <= '4') {
    step = word.back() - '0';
    word.pop_back();
  }
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (word == kNames[i]) return static_cast<int32_t>(4 * i) + step;
  return std::nullopt;
}

std::optional<int64_t> rfc3339_ns(std::string_view text) {
  int year = take_digits(text, 4);
  bool dashes = take(text, "-");
  int month = take_digits(text, 2);
  dashes = take(text, "-") && dashes;
  int day = take_digits(text, 2);
  bool time = take(text, "Tt ");
  int hour = take_digits(text, 2);
  bool colons = take(text, ":");
  int minute = take_digits(text, 2);
  colons = take(text, ":") && colons;
  int second = take_digits(text, 2);
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  // The range of int64 nanoseconds is 1678 to 2261.
  if (!dashes || !time || !colons || year < 1678 || year > 2261 || month < 0 || day < 0 || !date.ok())
    return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  int64_t fraction_ns = 0;
  if (take(text, ".,")) {
    int64_t unit_ns = 100'000'000;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit_ns /= 10)
      fraction_ns += unit_ns * (text.front() - '0');
  }
  std::optional<int64_t> offset = offset_seconds(text);
  if (!offset) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - *offset;
  return seconds * 1'000'000'000 + fraction_ns;
}

}  // namespace culprit
