// How the statements of a database system are written: one row a system, joined with the other registries by db.system.name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culprit {

enum class StatementLanguage : uint8_t {
  Sql,
  Commands,   // "GET user:42": a command, a key, arguments
  Documents,  // {"find": "users", "filter": {…}}: JSON, or a shell's spelling of it
};

enum class Backslash : uint8_t { Plain, Escapes };  // what \ is in a '…' without a prefix
// What "x" is. ByPlace: a name where only a name can stand and a string elsewhere, for systems that take both.
enum class DoubleQuote : uint8_t { Name, String, ByPlace };
// What # begins. ByPlace: a name after FROM, JOIN and the like, a comment elsewhere.
enum class HashMark : uint8_t { Operator, Comment, Name, ByPlace };

struct SqlDialect {
  std::string_view system;  // the first of its values of db.system.name
  StatementLanguage language = StatementLanguage::Sql;
  Backslash backslash = Backslash::Plain;
  DoubleQuote double_quote = DoubleQuote::Name;
  HashMark hash = HashMark::Operator;
  bool backtick_names = false;
  bool bracket_names = false;
  bool nested_comments = false;
  bool dashes_need_blank = false;         // MySQL: 5--1 is a subtraction
  bool slash_comments = false;            // // up to the end of the line
  bool dollar_quotes = false;             // $tag$…$tag$; else $name is a parameter
  bool escape_strings = false;            // E'…'
  bool unicode_strings = false;           // U&'…', U&"…"
  bool alternative_quotes = false;        // q'[…]'
  bool colon_parameters = true;           // :name
  bool guesses = false;                   // not known which system: what one reading takes for a literal is one
  std::string_view string_prefixes = {};  // letters that may stand before '…', lower case
};

// By a value of db.system.name, or of the older db.system: "postgresql". Of an unknown system (and of "other_sql") a dialect
// that takes for a literal what may be one.
const SqlDialect& sql_dialect(std::string_view system);

// How a text is to be read: its dialect, and what the session has set.
struct SqlSettings {
  const SqlDialect* dialect = nullptr;  // null: of PostgreSQL
  // PostgreSQL: standard_conforming_strings = off is Escapes. MySQL: sql_mode NO_BACKSLASH_ESCAPES is Plain. Not known: the
  // dialect's default, unless the text itself shows that it is the other one.
  std::optional<Backslash> backslash;
  bool ansi_quotes = false;  // MySQL: sql_mode ANSI_QUOTES (also part of ANSI): "x" is a name

  bool operator==(const SqlSettings&) const = default;
};

}  // namespace culprit
