// Scanner: the words of one line of the notation, up to its comment.
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

  // The text up to the next space; empty at the end or where a comment begins.
  std::string_view word();
  // The same, with quotes understood: in them stand spaces, \" \\ \n and \t.
  std::optional<Word> key_value();
  // Behind the last word.
  size_t position() const { return position_; }

 private:
  bool skip_spaces();  // false: nothing follows

  std::string_view text_;
  size_t position_ = 0;
};

// "-1.5" scaled by 10^decimals, exactly; null where it has more decimals, or exceeds `most` before scaling.
std::optional<int64_t> parse_decimal(std::string_view text, size_t decimals, int64_t most);
// true, false and numbers keep their type unless quoted.
Value typed_value(const Word& word);

}  // namespace culprit::notation
