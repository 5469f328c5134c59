// A strict subset of TOML 1.0 (toml.io) for settings files:
//
//   # a comment
//   key = "text"        basic and literal strings on one line, integers, true, false, and arrays of these
//   [table]             one bare word; no dotted keys, inline tables, multi-line strings, dates, floats
//
// TOML outside of the subset is refused, with its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace culprit::cli {

struct TomlEntry {
  std::string table, key;           // table: empty before the first table
  std::vector<std::string> values;  // strings without quotes and escapes; numbers and booleans as written
  enum class Kind : uint8_t { Text, Integer, Boolean, Array } kind;
  int line;
};

// Errors are Error{Usage} "line 3: …". No two entries of one table have the same key.
Result<std::vector<TomlEntry>> read_toml(std::string_view text);

}  // namespace culprit::cli
