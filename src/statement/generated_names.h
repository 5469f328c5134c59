// Names that a program makes up each time: of cursors, savepoints, prepared statements, temporary tables.
#pragma once

#include <deque>
#include <span>
#include <string>

#include "statement/dialect.h"
#include "statement/lexer.h"

namespace culprit {

// Folds the generated part of names in one statement into "?": "FETCH 10 FROM c_4711" is FETCH ? FROM c_?. What such a name
// is in the statement is known by its place; elsewhere only what no person writes is folded: a UUID, eight hexadecimal digits
// and more, nine digits and more, and of a table called tmp… or temp… every number. Returns the new
// texts, into which the tokens' views point.
std::deque<std::string> fold_generated_names(std::span<SqlToken> statement, const SqlDialect& dialect);

}  // namespace culprit
