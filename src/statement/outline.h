// What a statement does and to what: its verb and its first table, from its tokens.
#pragma once

#include <span>
#include <string>

#include "statement/lexer.h"

namespace culprit {

struct SqlOutline {
  std::string operation, target;
};
// Of one statement's tokens. `space_before` and lists don't matter.
SqlOutline outline_sql(std::span<const SqlToken> statement);

}  // namespace culprit
