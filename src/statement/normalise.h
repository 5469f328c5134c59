// Normalises SQL: removes everything that users enter. Every literal and parameter becomes "?", comments are removed,
// lists are collapsed, and generated names are folded.
//
// It is a lexer without a grammar, because it must handle every dialect, incomplete statements, and texts that no
// server accepts. It keeps keywords, names, operators, and the constants TRUE, FALSE and NULL. Any text that may be
// (part of) a literal is removed, including the end of an incomplete text. Normalising a normalised text changes
// nothing.
//
// A text that was cut ends in "…". If more of the text was known than is kept, a hash of the whole normalised text
// follows. If the text was captured only in part, its size class follows. So two long statements with the same beginning
// remain distinguishable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/shared_limit.h"
#include "statement/dialect.h"
#include "statement/trace_context.h"

namespace culprit {

struct SqlStatement {
  std::string text;       // normalised; if it was cut, it ends in "…", "…0f3a5c7e9b1d" or "…_16k"
  std::string operation;  // SELECT, INSERT, CREATE TABLE, BEGIN …; empty: no words
  std::string target;     // the first table (or index, function, cursor …), unquoted; empty: none
  uint64_t id = 0;        // hash64(text): identifies the statement everywhere
  // PREPARE, EXECUTE, DEALLOCATE: the name in this session with its generated part. It is used to find the statement
  // and is never shown.
  std::string prepared_name = {};

  // Returns the span name, such as "SELECT orders", as in OpenTelemetry's database conventions.
  std::string summary() const { return target.empty() ? operation : operation + " " + target; }
};

struct NormalisedSql {
  std::vector<SqlStatement> statements;  // at most kMaxStatements, without empty ones
  uint32_t count = 0;                    // number of statements in the text, including those beyond the limit
  uint32_t literals = 0;                 // number of removed literals and comments, without parameters
  bool cut = false;       // the text is incomplete: cut by the caller, inside of a literal, or by our limit
  bool bad_utf8 = false;  // names contained ill-formed bytes, which are now U+FFFD
  std::optional<TraceContext> context;  // the traceparent of a comment

  std::string text() const;  // the texts of the statements, separated by "; "
  // Returns the summary of the first statement that is not housekeeping (BEGIN, SET, COMMIT …), with " +N" for N other
  // statements.
  std::string summary() const;
};

constexpr size_t kMaxStatementBytes = 4096;  // the limit of a normalised text; longer names are unreadable
constexpr size_t kMaxStatements = 16;

// Whether the text is complete, or continues after the captured part.
enum class SqlText : uint8_t { Whole, Cut };

// Normalises a text. `size_bytes` is the size of the whole statement if `text` is its start; 0: unknown.
NormalisedSql normalise_sql(std::string_view text, SqlText whole = SqlText::Whole, const SqlSettings& settings = {},
                            uint64_t size_bytes = 0);

// Normalises a statement of any system in the language of `dialect`: SQL, commands or documents.
NormalisedSql normalise(std::string_view text, const SqlDialect& dialect);

// Returns the verb and the tables of a normalised text: "SELECT … FROM orders, items". Statements whose texts do not
// repeat are grouped by it. Empty: the statement names no table.
std::string coarse_statement(std::string_view normalised, const SqlDialect& dialect);

// Returns true for operations that do not name a batch: BEGIN, COMMIT, SET, SHOW …
bool sql_housekeeping(std::string_view operation);

// A cache of normalise_sql(). It keeps hashes of the original texts, not the texts. Conversations share it. For use by
// one thread at a time.
class SqlCache {
 public:
  explicit SqlCache(const SqlDialect& dialect = sql_dialect("postgresql"));
  std::shared_ptr<const NormalisedSql> normalise(std::string_view text, SqlText whole = SqlText::Whole);
  // Normalises with the settings of the connection's session. The text was cut from `size_bytes` bytes (0: unknown).
  std::shared_ptr<const NormalisedSql> normalise(std::string_view text, SqlText whole, const SqlSettings& settings,
                                                 uint64_t size_bytes = 0);

  // Limits on what all conversations hold together: names of prepared statements and portals (about 150 bytes and a text
  // each), and messages of open requests.
  SharedLimit names{1'000'000, 0}, messages{1'000'000, 0};

 private:
  struct Key {
    uint64_t low = 0, high = 0;  // XXH3 with 128 bits: accidental collisions do not occur in practice
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const { return key.low; }
  };
  using Generation = std::unordered_map<Key, std::shared_ptr<const NormalisedSql>, Hash>;

  // Two generations replace a list in order of use. A text that is used again moves to the young generation. When that
  // is full, the old generation is dropped. Statements with literals occur once and are dropped soon.
  static constexpr size_t kGeneration = 2048;  // some MB for all entries
  Generation young_, old_;
  SqlSettings settings_;
  uint64_t dialect_seed_;  // of settings_.dialect, for the keys
};

}  // namespace culprit
