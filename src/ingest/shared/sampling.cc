#include "ingest/shared/sampling.h"

#include "base/text.h"
#include "model/span.h"

namespace culprit {

namespace {

constexpr size_t kDigits = 14;  // for 56 bits
constexpr uint64_t kRange = uint64_t{1} << 56;
constexpr uint32_t kRandomFlag = 0x02;  // W3C trace context, level 2

// Returns the value of `name` in "a<assign>1<separator>b<assign>2"; null if it is missing.
std::optional<std::string_view> member(std::string_view list, char separator, char assign, std::string_view name) {
  for (std::string_view part : split(list, separator)) {
    part = trimmed(part);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == assign)
      return part.substr(name.size() + 1);
  }
  return std::nullopt;
}

// Parses up to 14 hex digits; missing digits on the right are zeros.
std::optional<uint64_t> left_aligned(std::string_view digits) {
  if (digits.empty() || digits.size() > kDigits) return std::nullopt;
  auto number = parse_span_id(digits);
  if (!number) return std::nullopt;
  return *number << 4 * (kDigits - digits.size());
}

}  // namespace

Sampling sampling_of(std::string_view trace_state, uint64_t trace_id_low, uint32_t flags) {
  if (trace_state.empty()) return {};
  auto ot = member(trace_state, ',', '=', "ot");
  if (!ot) return {};
  auto threshold_digits = member(*ot, ';', ':', "th");
  auto threshold = threshold_digits ? left_aligned(*threshold_digits) : std::nullopt;
  if (!threshold) return {};

  std::optional<uint64_t> randomness;
  auto random_digits = member(*ot, ';', ':', "rv");
  if (random_digits && random_digits->size() == kDigits)
    randomness = left_aligned(*random_digits);
  else if (!random_digits && flags & kRandomFlag)
    randomness = trace_id_low & (kRange - 1);
  if (randomness && *randomness < *threshold) return {std::nullopt, true};
  return {static_cast<double>(kRange) / static_cast<double>(kRange - *threshold), false};
}

}  // namespace culprit
