// Utf16: converts UTF-16 text, which Windows tools write to files, to UTF-8. The byte order mark at its front shows the
// byte order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culprit {

class Utf16 {
 public:
  static constexpr size_t kMarkBytes = 4;
  // Returns none if `front`, the first bytes of a file (kMarkBytes, if it has so many), is no UTF-16 with a byte order
  // mark.
  static std::optional<Utf16> by_mark(std::string_view front);

  // Appends `bytes` to `text` as UTF-8, at most three bytes for two; half a character is kept for the next call. The
  // mark is kept.
  void append(std::string_view bytes, std::string& text);
  // Whether bytes are kept that need further bytes for their character: at the end of a file they are lost.
  bool cut() const { return odd_ || high_ != 0; }
  // The number of unpaired surrogates, each replaced by U+FFFD.
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
