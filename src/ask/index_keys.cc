#include "ask/index_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "statement/lexer.h"

namespace culprit::ask {

namespace {

using Tokens = std::span<const SqlToken>;

// A filter with more tokens is generated text. The limit also bounds the nesting of parentheses.
constexpr size_t kMaxTokens = 2'000;

bool opens(const SqlToken& token) { return token.text == "(" || token.text == "["; }
bool closes(const SqlToken& token) { return token.text == ")" || token.text == "]"; }

// Returns the position behind the token at `at`, or behind the group that opens there.
size_t next_of(Tokens tokens, size_t at) {
  size_t depth = 0;
  for (; at < tokens.size(); ++at) {
    if (opens(tokens[at])) ++depth;
    if (closes(tokens[at]) && depth > 0) --depth;
    if (depth == 0) return at + 1;
  }
  return at;
}

Tokens without_parentheses(Tokens tokens) {
  while (tokens.size() >= 2 && tokens[0].text == "(" && closes(tokens.back()) && next_of(tokens, 0) == tokens.size())
    tokens = tokens.subspan(1, tokens.size() - 2);
  return tokens;
}

// Returns the parts between `separator`s outside of parentheses.
std::vector<Tokens> parts_of(Tokens tokens, std::string_view separator) {
  std::vector<Tokens> parts;
  size_t begin = 0;
  for (size_t i = 0; i < tokens.size(); i = next_of(tokens, i)) {
    if (tokens[i].text != separator) continue;
    parts.push_back(tokens.subspan(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(tokens.subspan(begin));
  return parts;
}

std::string text_of(Tokens tokens) {
  std::string text;
  for (const SqlToken& token : tokens)
    text += (token.space_before && !text.empty() ? " " : "") + std::string(token.text);
  return text;
}

bool is_alias(const SqlToken& token, const Table& table) {
  return token.text == table.alias || token.text == "\"" + table.alias + "\"";
}

// Returns the column if `tokens` is just a column's name.
const Column* named_column(Tokens tokens, const Table& table) {
  if (!table.alias.empty()) {
    if (tokens.size() != 3 || !is_alias(tokens[0], table) || tokens[1].text != ".") return nullptr;
    tokens = tokens.subspan(2);
  }
  if (tokens.size() != 1) return nullptr;
  auto found = std::find_if(table.columns.begin(), table.columns.end(),
                            [&](const Column& column) { return column.name == tokens[0].text; });
  return found == table.columns.end() ? nullptr : &*found;
}

// Whether an index on the column also serves the cast: only these casts change neither value nor order.
bool same_to_an_index(const Column& column, const std::string& type) {
  return type == column.type || (type == "text" && column.type == "character varying");
}

// Returns a column, or the column of a cast that does not matter to an index.
const Column* column_in(Tokens tokens, const Table& table) {
  tokens = without_parentheses(tokens);
  std::vector<Tokens> casts = parts_of(tokens, "::");
  if (casts.size() == 1) return named_column(tokens, table);
  if (casts.size() != 2) return nullptr;
  const Column* column = named_column(without_parentheses(casts[0]), table);
  return column && same_to_an_index(*column, text_of(casts[1])) ? column : nullptr;
}

// Returns `function(column)` in the spelling of pg_get_indexdef().
std::string call_in(Tokens tokens, const Table& table) {
  size_t open = 0;
  while (open < tokens.size() && tokens[open].text != "(") ++open;
  if (open == 0 || open == tokens.size() || tokens[open].space_before || next_of(tokens, open) != tokens.size())
    return {};
  Tokens argument = tokens.subspan(open + 1, tokens.size() - open - 2);
  const Column* column = column_in(argument, table);
  std::string function = text_of(tokens.first(open));
  if (!column || !table.immutable(function)) return {};
  std::vector<Tokens> casts = parts_of(argument, "::");
  std::string inside = casts.size() == 1 ? column->name : "(" + column->name + ")::" + text_of(casts[1]);
  return function + "(" + inside + ")";
}

std::string key_in(Tokens tokens, const Table& table) {
  if (const Column* column = column_in(tokens, table)) return column->name;
  return call_in(without_parentheses(tokens), table);
}

// Returns whether a value depends on the row: only values known before the row can be looked up in an index. EXPLAIN
// does not show what is passed to a subplan.
bool depends_on_row(Tokens tokens, const Table& table) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    bool type = i > 0 && tokens[i - 1].text == "::";
    bool column = table.alias.empty()
                      ? !type && named_column(tokens.subspan(i, 1), table) != nullptr
                      : is_alias(tokens[i], table) && i + 1 < tokens.size() && tokens[i + 1].text == ".";
    if (column || tokens[i].text == "SubPlan") return true;
  }
  return false;
}

struct Comparison {
  Tokens left, right;
  std::string by;  // "=", "~~", "IS" …
};

std::optional<Comparison> comparison_in(Tokens conjunct) {
  auto part_of_operator = [](const SqlToken& token) {
    return token.kind == SqlTokenKind::Operator &&
           token.text.find_first_not_of("=<>~!@#%^&|`?+-*/") == std::string_view::npos;
  };
  for (size_t i = 0; i < conjunct.size(); i = next_of(conjunct, i)) {
    if (conjunct[i].text == "OR" || conjunct[i].text == "NOT") return std::nullopt;
    size_t end = i + 1;
    if (part_of_operator(conjunct[i]))
      while (end < conjunct.size() && !conjunct[end].space_before && part_of_operator(conjunct[end])) ++end;
    else if (conjunct[i].text != "IS")
      continue;
    return Comparison{conjunct.first(i), conjunct.subspan(end), text_of(conjunct.subspan(i, end - i))};
  }
  return std::nullopt;
}

bool is_range(std::string_view by) { return by == "<" || by == ">" || by == "<=" || by == ">="; }

// Returns the comparison in the form "column op value", whichever side the column is on.
Comparison column_first(Comparison comparison, const Table& table) {
  bool symmetric = comparison.by == "=" || is_range(comparison.by);
  if (symmetric && !key_in(comparison.right, table).empty()) std::swap(comparison.left, comparison.right);
  return comparison;
}

// Returns the columns of ROW(a, b), the form of comparisons that page by key.
std::vector<std::string> row_keys(Tokens tokens, const Table& table) {
  if (tokens.size() < 3 || tokens[0].text != "ROW" || next_of(tokens, 1) != tokens.size()) return {};
  std::vector<std::string> keys;
  for (Tokens part : parts_of(tokens.subspan(2, tokens.size() - 3), ",")) {
    keys.push_back(key_in(part, table));
    if (keys.back().empty()) return {};
  }
  return keys;
}

void add_once(std::vector<std::string>& keys, const std::string& key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
}

struct Found {
  std::vector<std::string> equal, range, patterns;
};

void look_at(Tokens conjunct, const Table& table, Found& found) {
  conjunct = without_parentheses(conjunct);
  bool negated = !conjunct.empty() && conjunct[0].text == "NOT";
  if (const Column* column = column_in(negated ? conjunct.subspan(1) : conjunct, table))  // a boolean column
    return add_once(found.equal, column->name);
  std::optional<Comparison> compared = comparison_in(conjunct);
  if (!compared) return;
  auto [left, right, by] = column_first(*compared, table);
  if (right.empty() || depends_on_row(right, table)) return;
  std::string key = key_in(left, table);
  bool any = right[0].text == "ANY", all = right[0].text == "ALL";
  bool null = by == "IS" && right.size() == 1 && right[0].text == "NULL";
  if (!key.empty() && (null || (by == "=" && !all))) add_once(found.equal, key);
  if (!key.empty() && by == "~~" && !any && !all) add_once(found.patterns, key);
  if (is_range(by) && !any && !all && found.range.empty())
    found.range = key.empty() ? row_keys(left, table) : std::vector<std::string>{key};
}

}  // namespace

FilterKeys keys_of_filter(std::string_view filter, const Table& table) {
  SqlTokens lexed = lex_sql(filter);
  if (lexed.tokens.size() > kMaxTokens) return {};
  Found found;
  for (Tokens conjunct : parts_of(without_parentheses(lexed.tokens), "AND")) look_at(conjunct, table, found);
  for (const std::string& key : found.range) add_once(found.equal, key);
  return {std::move(found.equal), std::move(found.patterns)};
}

std::vector<std::string> keys_of_sort(const std::vector<std::string>& sort_keys, const Table& table) {
  static constexpr std::array<std::string_view, 3> kOrder = {"COLLATE", "DESC", "NULLS"};
  std::vector<std::string> keys;
  for (const std::string& sort_key : sort_keys) {
    SqlTokens lexed = lex_sql(sort_key);
    if (lexed.tokens.size() > kMaxTokens) return {};
    Tokens tokens = lexed.tokens;
    size_t order = 0;
    while (order < tokens.size() && std::find(kOrder.begin(), kOrder.end(), tokens[order].text) == kOrder.end())
      order = next_of(tokens, order);
    std::string key = key_in(tokens.first(order), table);
    if (key.empty()) return {};
    keys.push_back(key + (order < tokens.size() ? " " + text_of(tokens.subspan(order)) : ""));
  }
  return keys;
}

}  // namespace culprit::ask
