#include "ingest/notation/waits.h"

#include "base/text.h"
#include "ingest/notation/scanner.h"

namespace culprit::notation {

namespace {

// The limit of a wait is a day: sums of several waits stay within int64 nanoseconds.
constexpr int64_t kMostWaitMilliseconds = 86'400'000;
constexpr int64_t kMostPid = INT32_MAX;

std::optional<Wait> parse_wait(std::string_view word) {
  for (int i = 0; i < kWaits; ++i)
    if (word == to_string(static_cast<Wait>(i))) return static_cast<Wait>(i);
  return std::nullopt;
}

// Returns a time that is not negative.
std::optional<int64_t> parse_time(std::string_view word) {
  auto time_ns = parse_decimal(word, 6, kMostWaitMilliseconds);
  return time_ns && *time_ns >= 0 ? time_ns : std::nullopt;
}

}  // namespace

std::optional<WaitSums> parse_waits(std::string_view text) {
  WaitSums waits;
  waits.known = true;
  for (std::string_view part : split(text, ',')) {
    std::vector<std::string_view> pair = split(part, ':');
    if (pair.size() != 2) return std::nullopt;
    auto kind = parse_wait(pair[0]);
    auto time_ns = parse_time(pair[1]);
    if (!kind || !time_ns) return std::nullopt;
    waits[*kind] = *time_ns;
  }
  return waits;
}

std::optional<Blocker> parse_blocker(std::string_view text) {
  size_t blank = text.find(' ');
  std::vector<std::string_view> parts = split(text.substr(0, blank), ':');
  if (parts.size() != 3) return std::nullopt;
  auto kind = parse_wait(parts[0]);
  auto time_ns = parse_time(parts[1]);
  auto pid = parse_decimal(parts[2], 0, kMostPid);
  if (!kind || !time_ns || !pid || *pid < 0) return std::nullopt;
  Blocker blocker{*kind, static_cast<int32_t>(*pid), 0, *time_ns, 1, {}};
  if (blank != std::string_view::npos) blocker.statement = trimmed(text.substr(blank));
  return blocker;
}

}  // namespace culprit::notation
