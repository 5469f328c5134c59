#include "statement/normalise.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "base/hash.h"
#include "base/text.h"
#include "statement/collapse.h"
#include "statement/generated_names.h"
#include "statement/lexer.h"
#include "statement/other_languages.h"
#include "statement/outline.h"

namespace culprit {

namespace {

constexpr std::string_view kEllipsis = "…";

using Tokens = std::vector<SqlToken>;

// Returns how many of `tokens` fit into a statement's text.
size_t fitting(std::span<const SqlToken> tokens) {
  size_t size_bytes = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    size_bytes += tokens[i].text.size() + (tokens[i].space_before ? 1 : 0);
    if (size_bytes > kMaxStatementBytes) return i;
  }
  return tokens.size();
}

std::string rendered(std::span<const SqlToken> tokens) {
  size_t size_bytes = 0;
  for (const SqlToken& token : tokens) size_bytes += token.text.size() + 1;
  std::string text;
  text.reserve(size_bytes);
  for (const SqlToken& token : tokens) {
    if (token.space_before && !text.empty()) text += ' ';
    text += token.text;
  }
  for (char& c : text)  // possible inside of quoted names
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  return text;
}

std::string valid(std::string text, NormalisedSql& sql) {
  if (valid_utf8(text)) return text;
  sql.bad_utf8 = true;
  return repaired_utf8(text);
}

// Returns `text` without an incomplete character at its end.
std::string_view without_cut_character(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return text;
    if (byte < 0xc0) continue;  // inside of a character
    size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

bool hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// 48 bits: with a million long statements, a collision occurs in one of 500 recordings.
constexpr size_t kHashDigits = 12;

std::string hash_digits(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (uint64_t hash = hash64(text), i = 0; i < kHashDigits; ++i) out += kDigits[hash >> (60 - 4 * i) & 15];
  return out;
}

// Returns the size class, such as "_16k": the smallest power of two that is not below `size_bytes`.
std::string length_class(uint64_t size_bytes) {
  uint64_t class_bytes = std::bit_ceil(std::clamp<uint64_t>(size_bytes, 1024, uint64_t{1} << 40));
  return "_" + std::to_string(class_bytes >> 10) + "k";
}

// Returns true if `text` is a hash and a size class, as they follow the mark of a cut.
bool after_ellipsis(std::string_view text) {
  if (text.size() >= kHashDigits && std::all_of(text.begin(), text.begin() + kHashDigits, hex_digit))
    text.remove_prefix(kHashDigits);
  if (text.empty()) return true;
  bool digits =
      text.size() > 2 && std::all_of(text.begin() + 1, text.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
  return digits && text.front() == '_' && text.back() == 'k';
}

// Removes the mark of an earlier cut and the text after it, and returns both; empty: there was none.
std::string take_ellipsis(Tokens& tokens) {
  std::string mark;
  while (!tokens.empty() && tokens.back().kind == SqlTokenKind::Word) {
    std::string_view& text = tokens.back().text;
    size_t at = text.rfind(kEllipsis);
    if (at == std::string_view::npos || !after_ellipsis(text.substr(at + kEllipsis.size()))) break;
    if (mark.empty()) mark = text.substr(at);
    text = text.substr(0, at);
    if (text.empty()) tokens.pop_back();
  }
  return mark;
}

struct Reading {
  const SqlDialect& dialect;
  bool cut;             // the end of the last statement is missing
  uint64_t size_bytes;  // size of the whole text, if it is known and more than was captured
};

// Returns the text that is kept of `tokens`, with a mark if a part is missing.
std::string kept_text(Tokens& tokens, std::string mark, uint64_t size_bytes, bool& cut) {
  Tokens kept = collapse_lists(tokens, cut);
  // If the captured text ends inside of a list, its length does not distinguish statements.
  bool in_list = cut && kept.size() < tokens.size();
  if (mark.empty() && cut) mark = std::string(kEllipsis) + (size_bytes > 0 && !in_list ? length_class(size_bytes) : "");
  if (size_t fit = fitting(kept); fit < kept.size()) {
    if (mark.empty() || mark == kEllipsis || mark[kEllipsis.size()] == '_')
      mark = std::string(kEllipsis) + hash_digits(rendered(kept)) + (mark.empty() ? "" : mark.substr(kEllipsis.size()));
    kept.resize(fit);
    cut = true;
    kept = collapse_lists(kept, cut);  // the new end may be inside of a list
  }
  tokens = std::move(kept);
  return rendered(tokens) + mark;
}

void add_statement(NormalisedSql& sql, Tokens tokens, const Reading& reading) {
  std::string mark = take_ellipsis(tokens);
  bool cut = reading.cut || !mark.empty();
  if (++sql.count > kMaxStatements) return;
  SqlStatement statement;
  bool prepared = false;
  for (std::string_view verb : {"PREPARE", "EXECUTE", "DEALLOCATE"})
    prepared |= !tokens.empty() && is_word(tokens.front().text, verb);
  if (prepared) statement.prepared_name = outline_sql(tokens).target;
  std::list<std::string> folded = fold_generated_names(tokens, reading.dialect);
  tokens = without_signs(tokens);
  statement.text = valid(kept_text(tokens, std::move(mark), reading.size_bytes, cut), sql);
  SqlOutline outline = outline_sql(tokens);
  statement.operation = valid(std::move(outline.operation), sql);
  statement.target = valid(std::move(outline.target), sql);
  statement.id = hash64(statement.text);
  sql.cut |= cut;
  sql.statements.push_back(std::move(statement));
}

}  // namespace

NormalisedSql normalise_sql(std::string_view text, SqlText whole, const SqlSettings& settings, uint64_t size_bytes) {
  text = without_cut_character(text);
  const SqlDialect& dialect = settings.dialect ? *settings.dialect : sql_dialect("postgresql");
  SqlTokens lexed = read_sql(text, settings, whole == SqlText::Cut);
  bool cut = whole == SqlText::Cut || lexed.unterminated;
  NormalisedSql sql;
  sql.literals = lexed.literals;
  sql.context = std::move(lexed.context);

  Tokens& tokens = lexed.tokens;
  for (size_t begin = 0; begin < tokens.size();) {
    size_t end = begin;
    while (end < tokens.size() && tokens[end].kind != SqlTokenKind::End) ++end;
    bool last = end == tokens.size();
    Reading reading{dialect, last && cut, size_bytes > text.size() ? size_bytes : 0};
    const bool alone = begin == 0 && last;
    if (end > begin)
      add_statement(sql, alone ? std::move(tokens) : Tokens(tokens.begin() + begin, tokens.begin() + end), reading);
    if (alone) break;
    begin = end + 1;
  }
  sql.cut |= cut;
  return sql;
}

NormalisedSql normalise(std::string_view text, const SqlDialect& dialect) {
  if (dialect.language == StatementLanguage::Sql) return normalise_sql(text, SqlText::Whole, {&dialect, {}, false});
  // The text is repaired first, because the decision about a word depends on its final form.
  if (!valid_utf8(text)) {
    NormalisedSql repaired = normalise(repaired_utf8(text), dialect);
    repaired.bad_utf8 = true;
    return repaired;
  }
  bool commands = dialect.language == StatementLanguage::Commands;
  OtherStatement other = commands ? normalise_commands(text) : normalise_documents(text);
  NormalisedSql all;
  if (other.text.empty()) return all;
  SqlStatement statement;
  std::string mark;
  if (other.text.size() > kMaxStatementBytes) {
    bool marked =
        other.text.size() < kMaxStatementBytes + 2 * kHashDigits && other.text.rfind(kEllipsis) != std::string::npos;
    if (!marked) mark = std::string(kEllipsis) + hash_digits(other.text);
    if (!marked) other.text.resize(kMaxStatementBytes);
    all.cut = true;
  }
  statement.text = valid(std::move(other.text) + mark, all);
  statement.operation = valid(std::move(other.operation), all);
  statement.target = valid(std::move(other.target), all);
  statement.id = hash64(statement.text);
  all.count = 1;
  all.statements.push_back(std::move(statement));
  return all;
}

std::string coarse_statement(std::string_view normalised, const SqlDialect& dialect) {
  if (dialect.language != StatementLanguage::Sql) return {};
  constexpr size_t kMaxTables = 4;  // the tables that name a join; further tables are left out
  const SqlSettings settings{&dialect, {}, false};
  SqlTokens lexed = lex_sql(normalised, settings);
  const std::string operation = outline_sql(lexed.tokens).operation;
  std::vector<std::string> tables;
  auto named = [&](size_t i) {
    return i < lexed.tokens.size() &&
           (lexed.tokens[i].kind == SqlTokenKind::Word || lexed.tokens[i].kind == SqlTokenKind::Quoted);
  };
  for (size_t i = 0; i + 1 < lexed.tokens.size() && tables.size() < kMaxTables; ++i) {
    bool introduces = false;
    for (std::string_view word : {"FROM", "JOIN", "INTO", "UPDATE"})
      introduces |= lexed.tokens[i].kind == SqlTokenKind::Word && is_word(lexed.tokens[i].text, word);
    if (!introduces || !named(i + 1)) continue;
    std::string table(lexed.tokens[i + 1].text);
    for (size_t next = i + 2; named(next + 1) && lexed.tokens[next].text == "."; next += 2)
      table += '.' + std::string(lexed.tokens[next + 1].text);
    if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(std::move(table));
  }
  if (tables.empty()) return {};
  std::string text = operation == "SELECT"   ? "SELECT … FROM "
                     : operation == "INSERT" ? "INSERT INTO "
                     : operation == "DELETE" ? "DELETE FROM "
                                             : operation + " ";
  for (size_t i = 0; i < tables.size(); ++i) text += (i > 0 ? ", " : "") + tables[i];
  return text;
}

bool sql_housekeeping(std::string_view operation) {
  static constexpr std::array<std::string_view, 12> kOperations = {"BEGIN",     "COMMIT",  "ROLLBACK",   "ROLLBACK TO",
                                                                   "SAVEPOINT", "RELEASE", "SET",        "RESET",
                                                                   "SHOW",      "DISCARD", "DEALLOCATE", ""};
  return std::find(kOperations.begin(), kOperations.end(), operation) != kOperations.end();
}

std::string NormalisedSql::text() const {
  if (statements.size() == 1) return statements[0].text;
  std::string all;
  for (const SqlStatement& statement : statements) {
    if (!all.empty()) all += "; ";
    all += statement.text;
  }
  return all;
}

std::string NormalisedSql::summary() const {
  if (statements.empty()) return {};
  auto main = std::find_if(statements.begin(), statements.end(),
                           [](const SqlStatement& statement) { return !sql_housekeeping(statement.operation); });
  std::string summary = (main == statements.end() ? statements.front() : *main).summary();
  return count > 1 ? summary + " +" + std::to_string(count - 1) : summary;
}

SqlCache::SqlCache(const SqlDialect& dialect)
    : settings_{&dialect, {}, false}, dialect_seed_(hash64(dialect.system) << 16) {}

std::shared_ptr<const NormalisedSql> SqlCache::normalise(std::string_view text, SqlText whole) {
  return normalise(text, whole, settings_);
}

std::shared_ptr<const NormalisedSql> SqlCache::normalise(std::string_view text, SqlText whole,
                                                         const SqlSettings& settings, uint64_t size_bytes) {
  SqlSettings used = settings;
  if (!used.dialect) used.dialect = settings_.dialect;
  uint64_t seed = static_cast<uint64_t>(whole) | uint64_t{used.ansi_quotes} << 1 |
                  (used.backslash ? uint64_t{2} + static_cast<uint64_t>(*used.backslash) : 0) << 2 |
                  (used.dialect == settings_.dialect ? dialect_seed_ : hash64(used.dialect->system) << 16);
  if (size_bytes > text.size()) seed ^= static_cast<uint64_t>(std::bit_width(size_bytes - 1)) << 5;  // its length class
  XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  Key key{hash.low64, hash.high64};
  if (auto found = young_.find(key); found != young_.end()) return found->second;
  std::shared_ptr<const NormalisedSql> result;
  if (auto found = old_.find(key); found != old_.end()) result = found->second;
  if (!result) result = std::make_shared<const NormalisedSql>(normalise_sql(text, whole, used, size_bytes));
  if (young_.size() >= kGeneration) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key, result);
  return result;
}

}  // namespace culprit
