// Scanner: splits one line of the notation into words, up to its comment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/attribute.h"

namespace culprit::notation {

// key, key=value or key="value"
struct Word {
  std::string key, value;
  bool has_value = false, quoted = false, unterminated = false;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Returns the text up to the next space; empty at the end or at the start of a comment.
  std::string_view word();
  // The same for a word with quotes. A quoted text may contain spaces and the escapes of quote, backslash and tab.
  std::optional<Word> key_value();
  // Returns the position behind the last word.
  size_t position() const { return position_; }

 private:
  bool skip_spaces();  // false: no word follows

  std::string_view text_;
  size_t position_ = 0;
};

// This limit keeps sums of times within int64 nanoseconds: 10^11 ms are three years.
constexpr int64_t kMostMilliseconds = 100'000'000'000;
// Parses "-1.5", scaled by 10^decimals, exactly. Returns null if it has more decimals, or exceeds `most` before
// scaling.
std::optional<int64_t> parse_decimal(std::string_view text, size_t decimals, int64_t most);
// Returns true, false and numbers with their type, unless quoted.
Value typed_value(const Word& word);

}  // namespace culprit::notation
