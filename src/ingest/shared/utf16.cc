#include "ingest/shared/utf16.h"

namespace culprit {

namespace {

constexpr uint32_t kReplacement = 0xfffd;

void append_utf8(uint32_t code, std::string& text) {
  auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  auto follow = [&](int shift) { add(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12);
    follow(6);
  } else {
    add(0xf0 | code >> 18);
    follow(12);
    follow(6);
  }
  follow(0);
}

}  // namespace

std::optional<Utf16> Utf16::by_mark(std::string_view front) {
  using namespace std::string_view_literals;
  if (front.starts_with("\xfe\xff"sv)) return Utf16(true);
  // With two zeros behind it, it is the mark of UTF-32.
  if (front.starts_with("\xff\xfe"sv) && !front.starts_with("\xff\xfe\0\0"sv)) return Utf16(false);
  return std::nullopt;
}

void Utf16::append(std::string_view bytes, std::string& text) {
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    if (!odd_) {
      odd_ = byte;
      continue;
    }
    take(static_cast<uint32_t>(big_endian_ ? *odd_ << 8 | byte : byte << 8 | *odd_), text);
    odd_.reset();
  }
}

void Utf16::take(uint32_t unit, std::string& text) {
  bool first_half = unit >= 0xd800 && unit < 0xdc00, second_half = unit >= 0xdc00 && unit < 0xe000;
  if (high_ != 0 && second_half) {
    append_utf8(0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00), text);
    high_ = 0;
    return;
  }
  bool alone = high_ != 0;
  high_ = first_half ? unit : 0;
  if (alone || second_half) {
    ++replaced_;
    append_utf8(kReplacement, text);
  }
  if (!first_half && !second_half) append_utf8(unit, text);
}

}  // namespace culprit
