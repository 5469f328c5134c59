// Cuts SQL of any dialect into tokens. Whatever is or may be a literal comes out as Literal, without its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "statement/dialect.h"
#include "statement/trace_context.h"

namespace culprit {

enum class SqlTokenKind : uint8_t {
  Word,      // keyword or name
  Quoted,    // "name", `name`, [name], U&"name": text with its quotes
  Literal,   // a string or number; a parameter too
  Operator,  // one character
  End,       // ;
};

struct SqlToken {
  SqlTokenKind kind;
  bool space_before;      // white space or a comment stood before it
  std::string_view text;  // views into the input; "?" for a Literal
};

struct SqlTokens {
  std::vector<SqlToken> tokens;
  uint32_t literals = 0;      // literals and comments removed
  bool unterminated = false;  // the text ended inside a literal, a quoted name or a comment
  bool suspicious = false;    // a word stands at a string's closing quote: the string may go on behind it
  std::optional<TraceContext> context;
};

// In one reading: a backslash is what the settings say, else what the dialect says.
SqlTokens lex_sql(std::string_view text, const SqlSettings& settings = {});

// In the reading that makes sense of the text where the settings don't say what a backslash is. `cut`: its end is missing.
SqlTokens read_sql(std::string_view text, const SqlSettings& settings, bool cut);

// `word` equals `upper`, which is in upper case, but for the case of ASCII letters.
bool is_word(std::string_view word, std::string_view upper);

}  // namespace culprit
