// SQL without what people put into it: every literal and parameter becomes "?", comments go, lists collapse.
//
// A lexer, no grammar: it must hold for every dialect, for half a statement, and for text that no server accepts. What it
// keeps are keywords, names and operators; TRUE, FALSE and NULL are kept. Whatever could be (part of) a literal goes, the end
// of a cut text included. normalise(normalise(x)) == normalise(x).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "statement/trace_context.h"

namespace culprit {

enum class SqlDialect : uint8_t {
  Postgresql,  // 'x' E'x' $$x$$ "name" [subscript]; also plain standard SQL
  Mysql,       // 'x' "x" with backslashes, `name`, # comments
  SqlServer,   // 'x' "name" [name]
};

struct SqlStatement {
  std::string text;       // normalised; ends in "…" where it was cut
  std::string operation;  // SELECT, INSERT, CREATE TABLE, BEGIN …; empty: no word in it
  std::string target;     // the first table (or index, function, cursor …), unquoted; empty: none
  uint64_t id = 0;        // hash64(text): the statement's identity everywhere

  // "SELECT orders": the span's name, as OpenTelemetry's database conventions form it.
  std::string summary() const { return target.empty() ? operation : operation + " " + target; }
};

struct NormalisedSql {
  std::vector<SqlStatement> statements;  // never more than kMaxStatements, without empty ones
  uint32_t count = 0;                    // statements that the text held, those beyond the limit included
  uint32_t literals = 0;                 // literals and comments removed; parameters are not counted
  bool cut = false;                      // the text ended early: by the caller's word, in a literal, or by our limit
  bool bad_utf8 = false;                 // names held ill-formed bytes, now U+FFFD
  std::optional<TraceContext> context;   // a comment's traceparent

  std::string text() const;  // the statements' texts, "; " between them
  // Of the first statement that is not mere housekeeping (BEGIN, SET, COMMIT …), " +N" where there are N others.
  std::string summary() const;
};

constexpr size_t kMaxStatementBytes = 4096;  // of a normalised text; longer is cut: beyond, a name is no more readable
constexpr size_t kMaxStatements = 16;

// Whether the text goes on where it was captured no more.
enum class SqlText : uint8_t { Whole, Cut };

NormalisedSql normalise_sql(std::string_view text, SqlText whole = SqlText::Whole,
                            SqlDialect dialect = SqlDialect::Postgresql);

// BEGIN, COMMIT, SET, SHOW …: what a batch is not named by.
bool sql_housekeeping(std::string_view operation);

// normalise_sql() with a memory. Keeps hashes of raw texts, not the texts. One thread at a time; shared by conversations.
class SqlCache {
 public:
  explicit SqlCache(SqlDialect dialect = SqlDialect::Postgresql) : dialect_(dialect) {}
  std::shared_ptr<const NormalisedSql> normalise(std::string_view text, SqlText whole = SqlText::Whole);

 private:
  struct Key {
    uint64_t low = 0, high = 0;  // XXH3, 128 bits: nobody meets a collision by accident
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const { return key.low; }
  };
  using Generation = std::unordered_map<Key, std::shared_ptr<const NormalisedSql>, Hash>;

  // Two generations instead of a list in order of use: a text that is used again moves to the young one, and when that is
  // full the old one is dropped. Statements with literals inside come once and fall out.
  static constexpr size_t kGeneration = 2048;  // some MB in all
  Generation young_, old_;
  SqlDialect dialect_;
};

}  // namespace culprit
