// Names that a program generates anew each time: of cursors, savepoints, prepared statements and temporary tables.
#pragma once

#include <list>
#include <span>
#include <string>

#include "statement/dialect.h"
#include "statement/lexer.h"

namespace culprit {

// Replaces the generated part of names in one statement by "?": "FETCH 10 FROM c_4711" becomes FETCH ? FROM c_?. The
// position of a name in the statement shows what it names. Elsewhere only texts that no person chooses are replaced: a
// UUID, eight or more hexadecimal digits, and nine or more digits. In the name of a table called tmp… or temp…, every
// number is replaced. Returns the new texts, which the tokens' views point to.
std::list<std::string> fold_generated_names(std::span<SqlToken> statement, const SqlDialect& dialect);

}  // namespace culprit
