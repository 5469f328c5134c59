// Makes lists of different lengths equal, because the number of values does not distinguish statements.
#pragma once

#include <span>
#include <vector>

#include "statement/lexer.h"

namespace culprit {

// IN (?, ?, ?) becomes IN (?), a list of rows becomes IN ((?, ?)), [?, ?] becomes [?], and VALUES (…), (…) keeps its
// first row. Of equal parts that OR or UNION joins, and of equal WHEN … THEN …, one is kept. `cut`: the end of the text
// is missing; an incomplete list at the end is collapsed too, because the captured length does not distinguish
// statements either.
std::vector<SqlToken> collapse_lists(std::span<const SqlToken> statement, bool cut);

// Removes the sign of a number: "= - 5" is one literal, but "a - 5" is a subtraction.
std::vector<SqlToken> without_signs(std::span<const SqlToken> tokens);

}  // namespace culprit
