#include "statement/double_quote.h"

#include <algorithm>
#include <array>

namespace culprit {

namespace {

bool word_among(const SqlToken& token, std::span<const std::string_view> words) {
  return token.kind == SqlTokenKind::Word &&
         std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(token.text, word); });
}

// Words that precede a name and never a string.
constexpr std::array<std::string_view, 32> kBeforeNames = {
    "FROM",   "JOIN",  "INTO",      "UPDATE",  "TABLE",   "AS",      "BY",   "SELECT",    "DISTINCT", "SET",    "INDEX",
    "VIEW",   "USING", "COLUMN",    "ADD",     "DROP",    "EXISTS",  "ONLY", "RETURNING", "KEY",      "CURSOR", "ALTER",
    "RENAME", "TO",    "SAVEPOINT", "RELEASE", "EXECUTE", "PREPARE", "CALL", "SCHEMA",    "DATABASE", "COLLATE"};
// Words that precede a comparison, whose left side is a name, or a string.
constexpr std::array<std::string_view, 7> kBeforeComparisons = {"WHERE", "AND", "OR", "NOT", "ON", "HAVING", "WHEN"};
constexpr std::array<std::string_view, 10> kBeforeStrings = {"LIKE", "ILIKE", "BETWEEN", "REGEXP", "RLIKE",
                                                             "GLOB", "THEN",  "ELSE",    "VALUES", "ESCAPE"};
constexpr std::array<std::string_view, 7> kBeforeLists = {"IN", "VALUES", "ANY", "ALL", "SOME", "LIKE", "ROW"};
constexpr std::array<std::string_view, 10> kBeforeColumns = {"INTO", "TABLE", "ON",     "REFERENCES", "VIEW",
                                                             "KEY",  "BY",    "UNIQUE", "USING",      "INDEX"};

constexpr std::array<std::string_view, 2> kBeforeQueries = {"SELECT", "WITH"};

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text[0]) <= ' ') text.remove_prefix(1);
  return text;
}

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }

// Returns true if the text can be a name: it is no key, address, sentence or number. Names rarely have more than three words.
bool looks_like_name(std::string_view content) {
  if (content.empty() || content.size() > 64 || !letter(content[0])) return false;
  if (std::count(content.begin(), content.end(), ' ') > 2) return false;
  return std::all_of(content.begin(), content.end(), [](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == ' ' || c == '-' || c == '$' || c == '?';
  });
}

bool comparison_follows(std::string_view after) {
  static constexpr std::array<std::string_view, 8> kWords = {"IS",      "IN",    "LIKE",   "NOT",
                                                             "BETWEEN", "ILIKE", "REGEXP", "GLOB"};
  after = skip_blanks(after);
  if (after.empty()) return false;
  if (std::string_view("=<>!~@|+-*/%").find(after[0]) != std::string_view::npos) return true;
  size_t end = 0;
  while (end < after.size() && letter(after[end])) ++end;
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return is_word(after.substr(0, end), word); });
}

// Returns true if the parenthesis holds a list of columns or surrounds an expression. A list of values or of a call's
// arguments gives false.
bool holds_names(std::span<const SqlToken> before, size_t parenthesis) {
  if (parenthesis == 0) return true;
  if (parenthesis + 1 < before.size() && word_among(before[parenthesis + 1], kBeforeQueries)) return true;
  const SqlToken& owner = before[parenthesis - 1];
  if (word_among(owner, kBeforeLists) || owner.text == ",") return false;
  if (owner.kind == SqlTokenKind::Operator) return owner.text == "(";
  if (word_among(owner, kBeforeComparisons) || word_among(owner, kBeforeNames) || word_among(owner, kBeforeColumns))
    return true;
  size_t name = parenthesis - 1;  // the start of a name such as t or s.t
  while (name >= 2 && before[name - 1].text == ".") name -= 2;
  return name > 0 && word_among(before[name - 1], kBeforeColumns);
}

}  // namespace

bool name_by_place(const QuotePlace& place) {
  std::span<const SqlToken> before = place.before;
  if (skip_blanks(place.after).starts_with(".")) return true;
  if (before.empty()) return false;
  const SqlToken& last = before.back();
  if (last.text == ".") return true;
  if (!looks_like_name(place.content)) return false;
  if (word_among(last, kBeforeStrings) || word_among(last, kBeforeLists)) return false;
  if (word_among(last, kBeforeComparisons)) return comparison_follows(place.after);
  if (last.text == "(" || last.text == ",")
    return place.parenthesis == kNoParenthesis || holds_names(before, place.parenthesis);
  if (last.text == ")") return true;
  // an alias, or a name after a word of kBeforeNames
  return last.kind != SqlTokenKind::Operator && last.kind != SqlTokenKind::Literal;
}

}  // namespace culprit
