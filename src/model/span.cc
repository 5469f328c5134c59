#include "model/span.h"

#include <array>

namespace culprit {

namespace {

std::string hex16(uint64_t number) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, number >>= 4) text[static_cast<size_t>(i)] = kHex[number & 15];
  return text;
}

constexpr uint8_t kNoDigit = 0xff;

// The value of each byte as a hexadecimal digit. A table: digits of ids are random, and branches on them are mispredicted.
constexpr std::array<uint8_t, 256> kDigitValues = [] {
  std::array<uint8_t, 256> digits = {};
  digits.fill(kNoDigit);
  for (uint8_t i = 0; i < 10; ++i) digits['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<uint8_t>(10 + i);
  return digits;
}();

std::optional<uint64_t> parse_hex(std::string_view hex) {
  uint64_t number = 0;
  uint8_t seen = 0;
  for (char c : hex) {
    uint8_t digit = kDigitValues[static_cast<uint8_t>(c)];
    seen |= digit;
    number = number << 4 | (digit & 15);
  }
  if (seen > 15) return std::nullopt;
  return number;
}

}  // namespace

std::string to_hex(TraceId id) { return hex16(id.high) + hex16(id.low); }
std::string span_id_hex(uint64_t id) { return hex16(id); }

std::optional<TraceId> parse_trace_id(std::string_view hex) {
  if (hex.empty() || hex.size() > 32) return std::nullopt;
  size_t high_digits = hex.size() > 16 ? hex.size() - 16 : 0;
  auto high = parse_hex(hex.substr(0, high_digits)), low = parse_hex(hex.substr(high_digits));
  if (!high || !low) return std::nullopt;
  return TraceId{*high, *low};
}

std::optional<uint64_t> parse_span_id(std::string_view hex) {
  if (hex.empty() || hex.size() > 16) return std::nullopt;
  return parse_hex(hex);
}

std::string_view to_string(Wait wait) { return kWaitNames[static_cast<int>(wait)]; }

std::string_view to_string(LinkHow how) { return kLinkNames[static_cast<int>(how)]; }

}  // namespace culprit
