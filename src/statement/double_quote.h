// Decides whether "x" is a name or a string, if the database accepts both or the database is unknown.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "statement/lexer.h"

namespace culprit {

constexpr size_t kNoParenthesis = ~size_t{0};

struct QuotePlace {
  std::span<const SqlToken> before;     // the tokens before the quotes
  size_t parenthesis = kNoParenthesis;  // the index of the enclosing "(" in `before`
  std::string_view content, after;      // the text between the quotes, and the text after them
};

// Returns true for a name. If both are possible it returns false, because losing a name is better than keeping a value.
bool name_by_place(const QuotePlace& place);

}  // namespace culprit
