// Splits SQL of any dialect into tokens. A text that is or may be a literal becomes a Literal without its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "statement/dialect.h"
#include "statement/trace_context.h"

namespace culprit {

enum class SqlTokenKind : uint8_t {
  Word,      // a keyword or a name
  Quoted,    // "name", `name`, [name] or U&"name", with its quotes
  Literal,   // a string, a number or a parameter
  Operator,  // one character
  End,       // ;
};

struct SqlToken {
  SqlTokenKind kind;
  bool space_before;      // white space or a comment preceded the token
  std::string_view text;  // a view into the input; "?" for a Literal
};

struct SqlTokens {
  std::vector<SqlToken> tokens;
  uint32_t literals = 0;      // number of removed literals and comments
  bool unterminated = false;  // the text ended inside of a literal, a quoted name or a comment
  bool suspicious = false;    // a word follows a string's closing quote directly: the string may continue
  std::optional<TraceContext> context;
};

// Splits a text in one reading. The settings, or else the dialect, define the meaning of a backslash.
SqlTokens lex_sql(std::string_view text, const SqlSettings& settings = {});

// Splits a text. If the settings do not define the meaning of a backslash, chooses the reading that fits the text.
// `cut`: the end of the text is missing.
SqlTokens read_sql(std::string_view text, const SqlSettings& settings, bool cut);

// Returns true if `word` equals `upper`, which must be in upper case, without regard to the case of ASCII letters.
bool is_word(std::string_view word, std::string_view upper);

}  // namespace culprit
