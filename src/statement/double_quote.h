// Whether "x" is a name or a string where a database takes both, or which database it is is not known.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "statement/lexer.h"

namespace culprit {

constexpr size_t kNoParenthesis = ~size_t{0};

struct QuotePlace {
  std::span<const SqlToken> before;     // the tokens before it
  size_t parenthesis = kNoParenthesis;  // of them the "(" in which it stands
  std::string_view content, after;      // between the quotes; the text behind them
};

// Where both can stand it is a string: a name that is lost is less than a value that is kept.
bool name_by_place(const QuotePlace& place);

}  // namespace culprit
