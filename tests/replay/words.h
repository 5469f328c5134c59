// The words of a line: separated by spaces, which stand within quotes and parentheses too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace culprit::replay {

Error mistake(std::string message);

Result<std::vector<std::string>> words_of(std::string_view line);
// "a\r\n\0\x00" without its quotes and with its escapes replaced; a word without quotes as it is.
Result<std::string> unquoted(std::string_view word);
Result<int64_t> number(std::string_view word);
// Milliseconds with decimals, as nanoseconds.
Result<int64_t> milliseconds(std::string_view word);

// name(argument, argument): of a word without parentheses no arguments.
struct Call {
  std::string name;
  std::vector<std::string> arguments;  // unquoted
};
Result<Call> call_of(std::string_view word);

}  // namespace culprit::replay
