// SQL without what people put into it: every literal and parameter becomes "?", comments go, lists collapse, generated names
// fold.
//
// A lexer, no grammar: it must hold for every dialect, for half a statement, and for text that no server accepts. What it
// keeps are keywords, names and operators; TRUE, FALSE and NULL are kept. Whatever could be (part of) a literal goes, the end
// of a cut text included. normalise(normalise(x)) == normalise(x).
//
// A text that is cut ends in "…". Where more of it was known than is kept, a hash of all of its normalised text follows, and
// where it was captured in part, the class of its length: two long statements that begin alike stay apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "statement/dialect.h"
#include "statement/trace_context.h"

namespace culprit {

struct SqlStatement {
  std::string text;       // normalised; ends in "…", "…0f3a5c7e9b1d", "…_16k" where it was cut
  std::string operation;  // SELECT, INSERT, CREATE TABLE, BEGIN …; empty: no word in it
  std::string target;     // the first table (or index, function, cursor …), unquoted; empty: none
  uint64_t id = 0;        // hash64(text): the statement's identity everywhere
  // Of PREPARE, EXECUTE, DEALLOCATE: what it is called in this session, the generated part included. To find it by, never shown.
  std::string prepared_name = {};

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

// `size_bytes`: of the whole statement where `text` is its beginning; 0: not known.
NormalisedSql normalise_sql(std::string_view text, SqlText whole = SqlText::Whole, const SqlSettings& settings = {},
                            uint64_t size_bytes = 0);

// A statement of any system, as `dialect` says: SQL, commands, documents.
NormalisedSql normalise(std::string_view text, const SqlDialect& dialect);

// Verb and tables of a normalised text, "SELECT … FROM orders, items": what statements are summed up under whose texts don't
// repeat. Empty: it names no table.
std::string coarse_statement(std::string_view normalised, const SqlDialect& dialect);

// BEGIN, COMMIT, SET, SHOW …: what a batch is not named by.
bool sql_housekeeping(std::string_view operation);

// normalise_sql() with a memory. Keeps hashes of raw texts, not the texts. One thread at a time; shared by conversations.
class SqlCache {
 public:
  explicit SqlCache(const SqlDialect& dialect = sql_dialect("postgresql")) : settings_{&dialect, {}, false} {}
  std::shared_ptr<const NormalisedSql> normalise(std::string_view text, SqlText whole = SqlText::Whole);
  // As the session of this connection has set it, and cut from a text of `size_bytes` (0: not known).
  std::shared_ptr<const NormalisedSql> normalise(std::string_view text, SqlText whole, const SqlSettings& settings,
                                                 uint64_t size_bytes = 0);

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
  SqlSettings settings_;
};

}  // namespace culprit
