// Utf16: text in UTF-16, as Windows tools write files, read as UTF-8. Its byte order is told by the mark at its front.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culprit {

class Utf16 {
 public:
  static constexpr size_t kMarkBytes = 4;
  // None: `front`, the first bytes of a file (kMarkBytes, where it has so many), is no UTF-16 with a mark.
  static std::optional<Utf16> by_mark(std::string_view front);

  // Appends `bytes` to `text` as UTF-8, at most three bytes for two; half a character waits for the next call. The mark stays.
  void append(std::string_view bytes, std::string& text);
  // Bytes that wait for the rest of their character: at the end of a file they are lost.
  bool cut() const { return odd_ || high_ != 0; }
  // Halves of surrogate pairs without the other half: U+FFFD stands for each.
  int64_t replaced() const { return replaced_; }

 private:
  explicit Utf16(bool big_endian) : big_endian_(big_endian) {}
  void take(uint32_t unit, std::string& text);

  bool big_endian_;
  std::optional<uint8_t> odd_;
  uint32_t high_ = 0;  // the first half of a surrogate pair; 0: none
  int64_t replaced_ = 0;
};

}  // namespace culprit
