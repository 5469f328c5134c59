#include "statement/normalise.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/hash.h"
#include "base/text.h"
#include "statement/lexer.h"
#include "statement/outline.h"

namespace culprit {

namespace {

constexpr std::string_view kEllipsis = "…";

using Tokens = std::vector<SqlToken>;

bool is_operator(const SqlToken& token, char c) {
  return token.kind == SqlTokenKind::Operator && token.text.size() == 1 && token.text[0] == c;
}
bool is_literal(const SqlToken& token) { return token.kind == SqlTokenKind::Literal; }

// After these a sign belongs to the number; after any other word it is a subtraction.
bool expects_operand(const SqlToken& token) {
  static constexpr std::array<std::string_view, 37> kWords = {
      "SELECT", "WHERE", "AND",    "OR",        "NOT",      "IN",    "VALUES", "LIMIT",    "OFFSET", "THEN",
      "ELSE",   "WHEN",  "CASE",   "BETWEEN",   "LIKE",     "ILIKE", "RETURN", "BY",       "ON",     "SET",
      "IS",     "FROM",  "HAVING", "RETURNING", "DEFAULT",  "AS",    "USING",  "DISTINCT", "ALL",    "ANY",
      "FETCH",  "FIRST", "NEXT",   "TO",        "INTERVAL", "WITH",  "STEP"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return is_word(token.text, word); });
}

bool operand(const SqlToken& token) {
  switch (token.kind) {
    case SqlTokenKind::Literal:
    case SqlTokenKind::Quoted: return true;
    case SqlTokenKind::Word: return !expects_operand(token);
    case SqlTokenKind::Operator: return token.text == ")" || token.text == "]";
    case SqlTokenKind::End: return false;
  }
  return false;
}

// "= - 5" is one literal; "a - 5" is a subtraction.
Tokens without_signs(const Tokens& tokens) {
  Tokens out;
  out.reserve(tokens.size());
  for (SqlToken token : tokens) {
    while (is_literal(token) && !out.empty() && (is_operator(out.back(), '-') || is_operator(out.back(), '+'))) {
      if (out.size() >= 2 && operand(out[out.size() - 2])) break;
      token.space_before = out.back().space_before;
      out.pop_back();
    }
    out.push_back(token);
  }
  return out;
}

// Past the parenthesis that closes the one at `open`; tokens.size() + 1 where the text ends before.
size_t after_parenthesis(std::span<const SqlToken> tokens, size_t open) {
  size_t depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (is_operator(tokens[i], '(') || is_operator(tokens[i], '[')) ++depth;
    if ((is_operator(tokens[i], ')') || is_operator(tokens[i], ']')) && --depth == 0) return i + 1;
  }
  return tokens.size() + 1;
}

// Whether tokens [begin, end) are literals, commas, signs and casts only: "?, ?::text".
bool plain_list(std::span<const SqlToken> tokens, size_t begin, size_t end) {
  bool any = false;
  for (size_t i = begin; i < end; ++i) {
    const SqlToken& token = tokens[i];
    bool cast = token.kind == SqlTokenKind::Word && i > begin && tokens[i - 1].text == "::";
    bool null = token.kind == SqlTokenKind::Word && is_word(token.text, "NULL");
    any |= is_literal(token);
    if (!is_literal(token) && !cast && !null && !is_operator(token, ',') && token.text != "::") return false;
  }
  return any;
}

// IN (?, ?, ?) and ARRAY[?, ?] become IN (?) and ARRAY[?]; VALUES (…), (…), (…) becomes VALUES (…). A list that the text's
// end cuts collapses as well: how much of it was captured says nothing about the statement.
class Collapser {
 public:
  Collapser(std::span<const SqlToken> tokens, bool cut) : tokens_(tokens), cut_(cut) {}

  Tokens run() {
    out_.reserve(tokens_.size());
    for (size_t i = 0; i < tokens_.size();) {
      const SqlToken& token = tokens_[i];
      out_.push_back(token);
      ++i;
      if (token.kind != SqlTokenKind::Word || i >= tokens_.size()) continue;
      if (is_word(token.text, "VALUES") && is_operator(tokens_[i], '(')) i = rows(i);
      if (is_word(token.text, "IN") && is_operator(tokens_[i], '(')) i = list(i);
      if (is_word(token.text, "ARRAY") && is_operator(tokens_[i], '[')) i = list(i);
    }
    return std::move(out_);
  }

 private:
  size_t rows(size_t open) {
    size_t end = after_parenthesis(tokens_, open);
    if (end > tokens_.size()) return open;
    out_.insert(out_.end(), tokens_.begin() + open, tokens_.begin() + end);
    while (end + 1 < tokens_.size() && is_operator(tokens_[end], ',') && is_operator(tokens_[end + 1], '(')) {
      size_t next = after_parenthesis(tokens_, end + 1);
      if (next > tokens_.size()) return cut_ ? tokens_.size() : end;
      end = next;
    }
    bool comma_ends = cut_ && end + 1 == tokens_.size() && is_operator(tokens_[end], ',');
    return comma_ends ? tokens_.size() : end;
  }

  size_t list(size_t open) {
    size_t end = after_parenthesis(tokens_, open);
    bool closed = end <= tokens_.size();
    size_t last = closed ? end - 1 : tokens_.size();
    if ((!closed && !cut_) || !plain_list(tokens_, open + 1, last)) return open;
    out_.push_back(tokens_[open]);
    out_.push_back({SqlTokenKind::Literal, false, "?"});
    if (closed) out_.push_back({SqlTokenKind::Operator, false, tokens_[last].text});
    return closed ? end : tokens_.size();
  }

  std::span<const SqlToken> tokens_;
  bool cut_;
  Tokens out_;
};

// How many of `tokens` fit into a statement's text.
size_t fitting(std::span<const SqlToken> tokens) {
  size_t size_bytes = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    size_bytes += tokens[i].text.size() + (tokens[i].space_before ? 1 : 0);
    if (size_bytes > kMaxStatementBytes) return i;
  }
  return tokens.size();
}

std::string rendered(std::span<const SqlToken> tokens) {
  std::string text;
  for (const SqlToken& token : tokens) {
    if (token.space_before && !text.empty()) text += ' ';
    text += token.text;
  }
  for (char& c : text)  // inside of quoted names
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  return text;
}

std::string valid(std::string text, NormalisedSql& sql) {
  if (valid_utf8(text)) return text;
  sql.bad_utf8 = true;
  return repaired_utf8(text);
}

// Takes off the mark of an earlier cut; whether there was one.
bool take_ellipsis(Tokens& tokens) {
  bool any = false;
  while (!tokens.empty() && tokens.back().kind == SqlTokenKind::Word && tokens.back().text.ends_with(kEllipsis)) {
    any = true;
    tokens.back().text.remove_suffix(kEllipsis.size());
    if (tokens.back().text.empty()) tokens.pop_back();
  }
  return any;
}

void add_statement(NormalisedSql& sql, Tokens tokens, bool cut) {
  cut |= take_ellipsis(tokens);
  if (++sql.count > kMaxStatements) return;
  Tokens kept = Collapser(tokens, cut).run();
  if (size_t fit = fitting(kept); fit < kept.size()) {
    kept.resize(fit);
    cut = true;
    kept = Collapser(kept, cut).run();  // the end may have become a list that is cut
  }
  SqlStatement statement;
  statement.text = valid(rendered(kept), sql);
  if (cut) statement.text += kEllipsis;
  SqlOutline outline = outline_sql(tokens);
  statement.operation = valid(std::move(outline.operation), sql);
  statement.target = valid(std::move(outline.target), sql);
  statement.id = hash64(statement.text);
  sql.cut |= cut;
  sql.statements.push_back(std::move(statement));
}

// A quote that nothing closes, in a text that is whole: the server may take \' as PostgreSQL did before 9.1 and MySQL does.
SqlTokens lexed(std::string_view text, bool cut, SqlDialect dialect) {
  Backslash usual = dialect == SqlDialect::Mysql ? Backslash::Escapes : Backslash::Plain;
  SqlTokens tokens = lex_sql(text, dialect, usual);
  if (!tokens.unterminated || cut || text.find('\\') == std::string_view::npos) return tokens;
  Backslash other = usual == Backslash::Plain ? Backslash::Escapes : Backslash::Plain;
  SqlTokens again = lex_sql(text, dialect, other);
  return again.unterminated ? std::move(tokens) : std::move(again);
}

}  // namespace

NormalisedSql normalise_sql(std::string_view text, SqlText whole, SqlDialect dialect) {
  bool cut = whole == SqlText::Cut;
  SqlTokens lexed_tokens = lexed(text, cut, dialect);
  NormalisedSql sql;
  sql.literals = lexed_tokens.literals;
  sql.context = std::move(lexed_tokens.context);
  cut |= lexed_tokens.unterminated;

  Tokens tokens = without_signs(lexed_tokens.tokens);
  for (size_t begin = 0; begin < tokens.size();) {
    size_t end = begin;
    while (end < tokens.size() && tokens[end].kind != SqlTokenKind::End) ++end;
    bool last = end == tokens.size();
    if (end > begin) add_statement(sql, Tokens(tokens.begin() + begin, tokens.begin() + end), last && cut);
    begin = end + 1;
  }
  sql.cut |= cut;
  return sql;
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

std::shared_ptr<const NormalisedSql> SqlCache::normalise(std::string_view text, SqlText whole) {
  XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), static_cast<uint64_t>(whole));
  Key key{hash.low64, hash.high64};
  if (auto found = young_.find(key); found != young_.end()) return found->second;
  std::shared_ptr<const NormalisedSql> result;
  if (auto found = old_.find(key); found != old_.end()) result = found->second;
  if (!result) result = std::make_shared<const NormalisedSql>(normalise_sql(text, whole, dialect_));
  if (young_.size() >= kGeneration) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key, result);
  return result;
}

}  // namespace culprit
