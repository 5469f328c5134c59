#include "statement/collapse.h"

#include <algorithm>
#include <array>

namespace culprit {

namespace {

using Tokens = std::vector<SqlToken>;

// The maximal length of a repeated part. It keeps the comparisons linear in the length of the text, whatever the
// nesting.
constexpr size_t kMaxPart = 256;

bool is_operator(const SqlToken& token, char c) {
  return token.kind == SqlTokenKind::Operator && token.text.size() == 1 && token.text[0] == c;
}
bool opens(const SqlToken& token) { return is_operator(token, '(') || is_operator(token, '['); }
bool closes(const SqlToken& token) { return is_operator(token, ')') || is_operator(token, ']'); }
bool is_literal(const SqlToken& token) { return token.kind == SqlTokenKind::Literal; }
bool is_name(const SqlToken& token) { return token.kind == SqlTokenKind::Word || token.kind == SqlTokenKind::Quoted; }

bool word_among(const SqlToken& token, std::span<const std::string_view> words) {
  return token.kind == SqlTokenKind::Word &&
         std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(token.text, word); });
}
bool is(const SqlToken& token, std::string_view word) {
  return token.kind == SqlTokenKind::Word && is_word(token.text, word);
}

constexpr std::array<std::string_view, 3> kConstants = {"NULL", "TRUE", "FALSE"};

// After these words a sign belongs to the number. After any other word it is a subtraction.
constexpr std::array<std::string_view, 37> kBeforeOperands = {
    "SELECT", "WHERE", "AND",    "OR",        "NOT",      "IN",    "VALUES", "LIMIT",    "OFFSET", "THEN",
    "ELSE",   "WHEN",  "CASE",   "BETWEEN",   "LIKE",     "ILIKE", "RETURN", "BY",       "ON",     "SET",
    "IS",     "FROM",  "HAVING", "RETURNING", "DEFAULT",  "AS",    "USING",  "DISTINCT", "ALL",    "ANY",
    "FETCH",  "FIRST", "NEXT",   "TO",        "INTERVAL", "WITH",  "STEP"};

bool operand(const SqlToken& token) {
  switch (token.kind) {
    case SqlTokenKind::Literal:
    case SqlTokenKind::Quoted: return true;
    case SqlTokenKind::Word: return !word_among(token, kBeforeOperands);
    case SqlTokenKind::Operator: return closes(token);
    case SqlTokenKind::End: return false;
  }
  return false;
}

// Returns the position after the parenthesis that closes the one at `open`; tokens.size() + 1 if the text ends before
// it.
size_t after_parenthesis(std::span<const SqlToken> tokens, size_t open) {
  size_t depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i]) && --depth == 0) return i + 1;
  }
  return tokens.size() + 1;
}

// Returns true if the tokens are values and parts of values: literals, constants, casts, rows and arrays, with at least
// one literal. Example: "?, ?::numeric(?,?), CAST(? AS text), date ?, (?, NULL)".
bool plain_list(std::span<const SqlToken> tokens) {
  static constexpr std::array<std::string_view, 9> kAroundLiterals = {
      "CAST", "ARRAY", "ROW", "DEFAULT", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL", "TIME"};
  bool any = false, type = false;
  for (const SqlToken& token : tokens) {
    any |= is_literal(token);
    if (token.text == "::" || is(token, "AS")) {
      type = true;
    } else if (is_operator(token, ',') || is_literal(token) || opens(token) || closes(token)) {
      type &= opens(token) || closes(token);  // numeric(?,?): a comma follows in either case
    } else if (type) {
      if (!is_name(token) && !is_operator(token, '.')) return false;
    } else if (!word_among(token, kConstants) && !word_among(token, kAroundLiterals)) {
      return false;
    }
  }
  return any;
}

class Collapser {
 public:
  Collapser(std::span<const SqlToken> tokens, bool cut) : tokens_(tokens), cut_(cut) {}

  Tokens run() {
    out_.reserve(tokens_.size());
    for (size_t i = 0; i < tokens_.size();) {
      const SqlToken& token = tokens_[i];
      if (is_operator(token, '[')) {
        i = list(i);
        continue;
      }
      out_.push_back(token);
      ++i;
      if (token.kind != SqlTokenKind::Word || i >= tokens_.size()) continue;
      if (is_word(token.text, "VALUES")) i = rows(i);
      if (is_word(token.text, "IN") && is_operator(tokens_[i], '(')) i = list(i);
    }
    return std::move(out_);
  }

 private:
  // Collapses the rows of VALUES (…), (…), or of MySQL's VALUES ROW(…), ROW(…). `begin` is the position after VALUES.
  size_t rows(size_t begin) {
    size_t end = after_row(begin);
    if (end > tokens_.size()) return begin;
    keep_row(tokens_.subspan(begin, end - begin));
    while (end + 1 < tokens_.size() && is_operator(tokens_[end], ',') && row_begins(end + 1)) {
      size_t next = after_row(end + 1);
      if (next > tokens_.size()) return cut_ ? tokens_.size() : end;
      end = next;
    }
    bool comma_ends = cut_ && end + 1 == tokens_.size() && is_operator(tokens_[end], ',');
    return comma_ends ? tokens_.size() : end;
  }
  bool row_begins(size_t i) const {
    if (is(tokens_[i], "ROW")) ++i;
    return i < tokens_.size() && is_operator(tokens_[i], '(');
  }
  size_t after_row(size_t i) const {
    if (!row_begins(i)) return tokens_.size() + 1;
    return after_parenthesis(tokens_, is(tokens_[i], "ROW") ? i + 1 : i);
  }
  // Keeps a row and replaces its constants like its literals, because the NULL columns differ from row to row.
  void keep_row(std::span<const SqlToken> row) {
    for (size_t i = 0; i < row.size(); ++i) {
      bool alone = i > 0 && i + 1 < row.size() && (is_operator(row[i - 1], '(') || is_operator(row[i - 1], ',')) &&
                   (is_operator(row[i + 1], ')') || is_operator(row[i + 1], ','));
      if (is_operator(row[i], '[') && push_list(row.subspan(i), i)) continue;
      out_.push_back(row[i]);
      if (alone && word_among(row[i], kConstants)) out_.back() = {SqlTokenKind::Literal, row[i].space_before, "?"};
    }
  }
  // Appends the array at the start of `rest` as "[?]" and moves `i` to its last token.
  bool push_list(std::span<const SqlToken> rest, size_t& i) {
    size_t end = after_parenthesis(rest, 0);
    if (end > rest.size() || !plain_list(rest.subspan(1, end - 2))) return false;
    out_.push_back(rest[0]);
    out_.push_back({SqlTokenKind::Literal, false, "?"});
    out_.push_back({SqlTokenKind::Operator, false, rest[end - 1].text});
    i += end - 1;
    return true;
  }

  // Collapses the list of IN, or the array, that opens at `open`. Returns the position at which to continue.
  size_t list(size_t open) {
    size_t end = after_parenthesis(tokens_, open);
    bool closed = end <= tokens_.size();
    size_t last = closed ? end - 1 : tokens_.size();
    bool plain = (closed || cut_) && plain_list(tokens_.subspan(open + 1, last - open - 1));
    out_.push_back(tokens_[open]);
    if (!plain) return open + 1;
    size_t columns = is_operator(tokens_[open], '(') ? columns_of_tuple(open + 1) : 0;
    if (columns > 0) out_.push_back({SqlTokenKind::Operator, false, "("});
    out_.push_back({SqlTokenKind::Literal, false, "?"});
    for (size_t i = 1; i < columns; ++i) {
      out_.push_back({SqlTokenKind::Operator, false, ","});
      out_.push_back({SqlTokenKind::Literal, true, "?"});
    }
    if (columns > 0 && closed) out_.push_back({SqlTokenKind::Operator, false, ")"});
    if (closed) out_.push_back({SqlTokenKind::Operator, false, tokens_[last].text});
    return closed ? end : tokens_.size();
  }
  // Returns the number of columns of the row that begins at `i`; 0: no row begins there.
  size_t columns_of_tuple(size_t i) const {
    if (i >= tokens_.size() || !is_operator(tokens_[i], '(')) return 0;
    size_t depth = 0, columns = 1;
    for (; i < tokens_.size(); ++i) {
      if (opens(tokens_[i])) ++depth;
      if (closes(tokens_[i]) && --depth == 0) return columns;
      if (depth == 1 && is_operator(tokens_[i], ',')) ++columns;
    }
    return columns;
  }

  std::span<const SqlToken> tokens_;
  bool cut_;
  Tokens out_;
};

bool same_texts(std::span<const SqlToken> a, std::span<const SqlToken> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SqlToken& x, const SqlToken& y) { return x.kind == y.kind && x.text == y.text; });
}

constexpr std::array<std::string_view, 18> kAfterCondition = {
    "OR",    "AND",   "ORDER",  "GROUP",     "LIMIT", "THEN",   "FOR",     "RETURNING", "EXCEPT",
    "UNION", "WHERE", "HAVING", "INTERSECT", "ON",    "OFFSET", "CONNECT", "WINDOW",    "ELSE"};
constexpr std::array<std::string_view, 8> kAfterQuery = {"UNION", "EXCEPT",    "INTERSECT", "ORDER",
                                                         "LIMIT", "RETURNING", "ON",        "OFFSET"};
constexpr std::array<std::string_view, 3> kAfterCase = {"WHEN", "ELSE", "END"};
constexpr std::array<std::string_view, 2> kAfterInto = {"INTO", "SELECT"};

// Keeps one of several equal consecutive parts: (a = ? AND b = ?) OR (a = ? AND b = ?), SELECT ?, ? UNION ALL SELECT ?,
// ?, CASE id WHEN ? THEN ? WHEN ? THEN ?, INSERT ALL INTO t VALUES (?) INTO t VALUES (?).
class Repeats {
 public:
  explicit Repeats(const Tokens& tokens) : tokens_(tokens) {}

  Tokens run() {
    out_.reserve(tokens_.size());
    bool insert_all = tokens_.size() > 2 && is(tokens_[0], "INSERT") && is(tokens_[1], "ALL");
    for (size_t i = 0; i < tokens_.size();) {
      size_t next = i;
      const SqlToken& token = tokens_[i];
      if (token.kind == SqlTokenKind::Word) {
        if (is_word(token.text, "OR")) next = joined(i + 1, kAfterCondition);
        if (is_word(token.text, "UNION"))
          next = joined(i + (i + 1 < tokens_.size() && is(tokens_[i + 1], "ALL") ? 2 : 1), kAfterQuery);
        if (is_word(token.text, "WHEN")) next = repeated(i, kAfterCase);
        if (insert_all && is_word(token.text, "INTO")) next = repeated(i, kAfterInto);
      }
      if (next > i) {
        i = next;
      } else {
        out_.push_back(tokens_[i++]);
      }
    }
    return std::move(out_);
  }

 private:
  // Returns the end of the part that begins at `begin`: the position of a word of `stops`, of the parenthesis that
  // closes around the part, or of the end of the text.
  size_t end_of_part(size_t begin, std::span<const std::string_view> stops) const {
    size_t depth = 0, i = begin;
    for (; i < tokens_.size() && i - begin < kMaxPart; ++i) {
      if (depth == 0 && i > begin && word_among(tokens_[i], stops)) return i;
      if (closes(tokens_[i]) && depth == 0) return i;
      if (opens(tokens_[i]) || is(tokens_[i], "CASE")) ++depth;
      if (depth > 0 && (closes(tokens_[i]) || is(tokens_[i], "END"))) --depth;
    }
    return i;
  }
  bool ends_output(std::span<const SqlToken> part) const {
    if (part.empty() || out_.size() < part.size()) return false;
    return same_texts(std::span(out_).last(part.size()), part) && std::any_of(part.begin(), part.end(), is_literal);
  }
  // Returns the position after the part that follows a joining word, if an equal part precedes the word; else 0.
  size_t joined(size_t begin, std::span<const std::string_view> stops) const {
    size_t end = end_of_part(begin, stops);
    std::span<const SqlToken> part = std::span(tokens_).subspan(std::min(begin, end), end - std::min(begin, end));
    if (!ends_output(part)) return 0;
    if (out_.size() == part.size()) return end;
    const SqlToken& before = out_[out_.size() - part.size() - 1];
    bool whole = opens(before) || (before.kind == SqlTokenKind::Word && !is(before, "AND") && !is(before, "NOT"));
    return whole ? end : 0;
  }
  size_t repeated(size_t begin, std::span<const std::string_view> stops) const {
    size_t end = end_of_part(begin, stops);
    return ends_output(std::span(tokens_).subspan(begin, end - begin)) ? end : 0;
  }

  const Tokens& tokens_;
  Tokens out_;
};

}  // namespace

std::vector<SqlToken> without_signs(std::span<const SqlToken> tokens) {
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

std::vector<SqlToken> collapse_lists(std::span<const SqlToken> statement, bool cut) {
  return Repeats(Collapser(statement, cut).run()).run();
}

}  // namespace culprit
