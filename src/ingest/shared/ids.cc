#include "ingest/shared/ids.h"

#include <algorithm>
#include <string>

#include "base/hash.h"
#include "ingest/shared/base64.h"

namespace culprit {

namespace {

bool all_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool all_hex(std::string_view text) { return all_of(text, "0123456789abcdefABCDEF"); }

uint64_t not_zero(uint64_t hash) { return hash == 0 ? 1 : hash; }

// Decodes an id in base64. Padding is required, as proto3 JSON writes it: without padding the text could also be a
// name.
std::string id_bytes(std::string_view text, size_t size_bytes) {
  if (!text.ends_with('=') || text.size() != (size_bytes + 2) / 3 * 4) return {};
  auto bytes = from_base64(text);
  return bytes && bytes->size() == size_bytes ? *bytes : std::string();
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

// Returns `text` without "0x" and dashes, if the remainder is hexadecimal with at most `digits` digits.
struct Hex {
  std::string digits;
  bool trimmed = false;  // written as a number: leading zeros may be missing
};
std::optional<Hex> hex_of(std::string_view text, size_t digits) {
  Hex hex;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    hex.trimmed = true;
  }
  if (text.size() > 2 * digits) return std::nullopt;
  hex.digits = text;
  hex.digits.erase(std::remove(hex.digits.begin(), hex.digits.end(), '-'), hex.digits.end());
  bool dashes_of_uuid = hex.digits.size() == text.size() || hex.digits.size() == digits;
  if (hex.digits.empty() || !all_hex(hex.digits) || !dashes_of_uuid) return std::nullopt;
  return hex;
}

}  // namespace

ReadId<TraceId> read_trace_id(std::string_view text, IdLength length) {
  if (text.size() == 32)
    if (auto id = parse_trace_id(text)) return {id, false};
  if (all_of(text, "0")) return {TraceId{}, false};
  if (auto hex = hex_of(text, 32)) {
    bool fits = hex->digits.size() == 32 || (hex->digits.size() < 32 && (hex->trimmed || length == IdLength::Trimmed));
    return {fits ? parse_trace_id(hex->digits) : std::nullopt, false};
  }
  if (all_hex(text)) return {std::nullopt, false};
  if (std::string bytes = id_bytes(text, 16); !bytes.empty())
    return {TraceId{big_endian(std::string_view(bytes).substr(0, 8)), big_endian(std::string_view(bytes).substr(8))},
            false};
  constexpr uint64_t kHigh = hash64("trace id of text, high half");
  return {TraceId{hash64(text, kHigh), not_zero(hash64(text))}, true};
}

ReadId<uint64_t> read_span_id(std::string_view text, IdLength length) {
  if (text.size() == 16)
    if (auto id = parse_span_id(text)) return {id, false};
  if (all_of(text, "0")) return {0, false};
  if (auto hex = hex_of(text, 16)) {
    bool fits = hex->digits.size() == 16 || (hex->digits.size() < 16 && (hex->trimmed || length == IdLength::Trimmed));
    return {fits ? parse_span_id(hex->digits) : std::nullopt, false};
  }
  if (all_hex(text)) return {std::nullopt, false};
  if (std::string bytes = id_bytes(text, 8); !bytes.empty()) return {big_endian(bytes), false};
  return {not_zero(hash64(text)), true};
}

}  // namespace culprit
