// The syntax of the statements of each database system: one row per system. db.system.name joins the rows with the
// other registries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culprit {

enum class StatementLanguage : uint8_t {
  Sql,
  Commands,   // a command, a key and arguments: "GET user:42"
  Documents,  // JSON or a shell's notation: {"find": "users", "filter": {…}}
};

enum class Backslash : uint8_t { Plain, Escapes };  // the meaning of \ in '…' without a prefix
// The meaning of "x". ByPlace: a name where only a name is possible, a string elsewhere; for systems that accept both.
enum class DoubleQuote : uint8_t { Name, String, ByPlace };
// The meaning of #. ByPlace: begins a name after FROM, JOIN and similar words, and a comment elsewhere.
enum class HashMark : uint8_t { Operator, Comment, Name, ByPlace };

struct SqlDialect {
  std::string_view system;  // the system's preferred value of db.system.name
  StatementLanguage language = StatementLanguage::Sql;
  Backslash backslash = Backslash::Plain;
  DoubleQuote double_quote = DoubleQuote::Name;
  HashMark hash = HashMark::Operator;
  bool backtick_names = false;
  bool bracket_names = false;
  bool nested_comments = false;
  bool dashes_need_blank = false;         // MySQL: 5--1 is a subtraction
  bool slash_comments = false;            // // begins a comment to the end of the line
  bool dollar_quotes = false;             // $tag$…$tag$ is a string; false: $name is a parameter
  bool escape_strings = false;            // E'…'
  bool unicode_strings = false;           // U&'…', U&"…"
  bool alternative_quotes = false;        // q'[…]'
  bool colon_parameters = true;           // :name
  bool guesses = false;                   // the system is unknown: text that any reading takes for a literal is removed
  std::string_view string_prefixes = {};  // letters that may precede '…', in lower case
};

// Returns the dialect of a value of db.system.name or of the older db.system, such as "postgresql". For an unknown
// system (and "other_sql") it returns a dialect that removes everything that may be a literal.
const SqlDialect& sql_dialect(std::string_view system);

// How a text is read: its dialect and the settings of the session.
struct SqlSettings {
  const SqlDialect* dialect = nullptr;  // null: PostgreSQL's dialect
  // PostgreSQL: standard_conforming_strings = off means Escapes. MySQL: sql_mode NO_BACKSLASH_ESCAPES means Plain.
  // Unset: the dialect's default, unless the text is only readable with the other one.
  std::optional<Backslash> backslash;
  bool ansi_quotes = false;  // MySQL: sql_mode ANSI_QUOTES (also part of ANSI); "x" is a name

  bool operator==(const SqlSettings&) const = default;
};

}  // namespace culprit
