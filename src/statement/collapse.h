// Lists that differ in length only become one: how many values a statement holds says nothing about what it is.
#pragma once

#include <span>
#include <vector>

#include "statement/lexer.h"

namespace culprit {

// IN (?, ?, ?) becomes IN (?), rows of tuples IN ((?, ?)), [?, ?] becomes [?], VALUES (…), (…) its first row; of equal parts
// that OR or UNION joins, and of equal WHEN … THEN …, one stays. `cut`: the text's end is missing; a list that it cuts
// collapses as well: how much of it was captured says nothing about the statement.
std::vector<SqlToken> collapse_lists(std::span<const SqlToken> statement, bool cut);

// "= - 5" is one literal; "a - 5" is a subtraction.
std::vector<SqlToken> without_signs(std::span<const SqlToken> tokens);

}  // namespace culprit
