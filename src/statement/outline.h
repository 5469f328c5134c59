// The outline of a statement, from its tokens: its verb and its first table.
#pragma once

#include <span>
#include <string>

#include "statement/lexer.h"

namespace culprit {

struct SqlOutline {
  std::string operation, target;
};
// Returns the outline of one statement. `space_before` and the lengths of lists have no influence.
SqlOutline outline_sql(std::span<const SqlToken> statement);

}  // namespace culprit
