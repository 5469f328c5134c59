#include "statement/outline.h"

#include <algorithm>
#include <array>
#include <vector>

namespace culprit {

namespace {

constexpr size_t kMaxName = 128;       // limit of a target's name: two PostgreSQL names and a dot
constexpr size_t kMaxTableNames = 64;  // names of WITH; further names are treated as tables

std::string upper(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

template <size_t N>
bool one_of(const SqlToken& token, const std::array<std::string_view, N>& words) {
  return token.kind == SqlTokenKind::Word &&
         std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(token.text, word); });
}

constexpr std::array<std::string_view, 7> kMainVerbs = {"SELECT", "INSERT", "UPDATE", "DELETE",
                                                        "MERGE",  "VALUES", "TABLE"};
// Words that may stand between a verb and the name of its table.
constexpr std::array<std::string_view, 26> kFillers = {
    "ONLY",   "LATERAL", "TABLE",        "IF",           "NOT",       "EXISTS",  "INTO",      "FROM",    "CONCURRENTLY",
    "OR",     "REPLACE", "IGNORE",       "LOW_PRIORITY", "VIEW",      "DELAYED", "OVERWRITE", "VERBOSE", "FULL",
    "FREEZE", "ANALYZE", "MATERIALIZED", "PRIVILEGES",   "TEMPORARY", "TEMP",    "UNLOGGED",  "WITHOUT"};

class Outline {
 public:
  explicit Outline(std::span<const SqlToken> tokens) : tokens_(tokens) {}

  SqlOutline run() {
    size_t verb = skip_open(0);
    if (verb < tokens_.size() && tokens_[verb].kind == SqlTokenKind::Operator && tokens_[verb].text == "{") ++verb;
    if (verb >= tokens_.size() || tokens_[verb].kind != SqlTokenKind::Word) return {};
    if (is(verb, "WITH")) verb = after_common_tables(verb + 1);
    if (verb >= tokens_.size()) return {"WITH", {}};
    SqlOutline outline{upper(tokens_[verb].text.substr(0, kMaxName)), {}};
    name(verb, outline);
    return outline;
  }

 private:
  bool is(size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].kind == SqlTokenKind::Word && is_word(tokens_[i].text, word);
  }
  bool is_operator(size_t i, char c) const {
    return i < tokens_.size() && tokens_[i].kind == SqlTokenKind::Operator && tokens_[i].text[0] == c;
  }
  bool is_name(size_t i) const {
    return i < tokens_.size() && (tokens_[i].kind == SqlTokenKind::Word || tokens_[i].kind == SqlTokenKind::Quoted);
  }
  size_t skip_open(size_t i) const {
    while (is_operator(i, '(')) ++i;
    return i;
  }

  // Skips WITH [RECURSIVE] name [(columns)] AS [NOT MATERIALIZED] (…), … and returns the position of the main verb.
  size_t after_common_tables(size_t i) {
    size_t depth = 0;
    for (; i < tokens_.size(); ++i) {
      if (is_operator(i, '(')) ++depth;
      if (is_operator(i, ')') && depth > 0) --depth;
      if (depth > 0) continue;
      if (one_of(tokens_[i], kMainVerbs)) return i;
      bool named = is_name(i) && (is(i + 1, "AS") || is_operator(i + 1, '('));
      if (named && !is(i, "AS") && common_tables_.size() < kMaxTableNames) common_tables_.push_back(tokens_[i].text);
    }
    return i;
  }

  void name(size_t verb, SqlOutline& outline) const {
    const std::string& operation = outline.operation;
    if (operation == "SELECT" || operation == "DECLARE") {
      outline.target = first_table(verb + 1);
    } else if (operation == "CREATE" || operation == "ALTER" || operation == "DROP" || operation == "COMMENT") {
      name_definition(verb, outline);
    } else if (operation == "EXPLAIN") {
      name_explained(verb, outline);
    } else if (operation == "START" || operation == "BEGIN") {
      outline.operation = "BEGIN";
    } else if (operation == "END" || operation == "COMMIT") {
      outline.operation = is(verb + 1, "PREPARED") ? "COMMIT PREPARED" : "COMMIT";
    } else if (operation == "ABORT" || operation == "ROLLBACK") {
      bool whole = !is(verb + 1, "TO") && !is(verb + 2, "TO");
      outline.operation = whole ? "ROLLBACK" : "ROLLBACK TO";
    } else if (operation == "REFRESH") {
      outline.operation = "REFRESH MATERIALIZED VIEW";
      outline.target = table_at(verb + 1);
    } else if (operation == "DELETE" || operation == "FETCH" || operation == "MOVE") {
      size_t from = find_word(verb + 1, "FROM");
      outline.target = table_at(from < tokens_.size() ? from + 1 : verb + 1);
    } else if (names_its_object(operation)) {
      outline.target = table_at(verb + 1);
      if (operation == "COPY" && outline.target.empty()) outline.target = first_table(verb + 1);
    }
  }

  static bool names_its_object(std::string_view operation) {
    static constexpr std::array<std::string_view, 19> kVerbs = {
        "INSERT",  "UPDATE",  "MERGE",   "REPLACE", "TRUNCATE", "COPY",   "LOCK",   "ANALYZE", "VACUUM",    "CALL",
        "EXECUTE", "PREPARE", "REINDEX", "CLUSTER", "TABLE",    "LISTEN", "NOTIFY", "CLOSE",   "DEALLOCATE"};
    return std::find(kVerbs.begin(), kVerbs.end(), operation) != kVerbs.end();
  }

  size_t find_word(size_t i, std::string_view word) const {
    while (i < tokens_.size() && !is(i, word)) ++i;
    return i;
  }

  // Returns the name at `i`, after words and options that may precede a name.
  std::string table_at(size_t i) const {
    while (i < tokens_.size() && one_of(tokens_[i], kFillers)) ++i;
    if (is_operator(i, '(')) {  // as in VACUUM (ANALYZE) t, but not in COPY (SELECT …)
      if (is(i + 1, "SELECT") || is(i + 1, "WITH")) return {};
      while (i < tokens_.size() && !is_operator(i, ')')) ++i;
      ++i;
      while (i < tokens_.size() && one_of(tokens_[i], kFillers)) ++i;
    }
    return name_at(i);
  }

  // Returns a name such as a.b.c without its quotes.
  std::string name_at(size_t i) const {
    std::string name;
    for (; is_name(i) && name.size() < kMaxName; i += 2) {
      name += tokens_[i].kind == SqlTokenKind::Quoted ? unquoted(tokens_[i].text) : tokens_[i].text;
      if (!is_operator(i + 1, '.')) break;
      name += '.';
    }
    if (name.size() > kMaxName) name.resize(kMaxName);
    return name;
  }
  static std::string_view unquoted(std::string_view quoted) {
    size_t open = quoted.find_first_of("\"`[");
    return quoted.size() < open + 2 ? quoted : quoted.substr(open + 1, quoted.size() - open - 2);
  }

  // Returns the table after the first FROM of a query. Ignores IS DISTINCT FROM, and EXTRACT(year FROM x), whose
  // parentheses hold no SELECT.
  std::string first_table(size_t begin) const {
    std::string common;
    std::vector<bool> selects{true};  // one entry per open parenthesis: true if it holds a SELECT
    for (size_t i = begin; i < tokens_.size(); ++i) {
      if (is_operator(i, '(')) selects.push_back(is(i + 1, "SELECT") || is(i + 1, "WITH"));
      if (is_operator(i, ')') && selects.size() > 1) selects.pop_back();
      if (!selects.back() || !is(i, "FROM") || is(i - 1, "DISTINCT")) continue;
      std::string table = table_at_from(i + 1);
      if (!table.empty() && !common_table(table)) return table;
      if (common.empty()) common = std::move(table);
    }
    return common.empty() ? common : table_of_common(std::move(common));
  }
  std::string table_at_from(size_t i) const {
    while (is_operator(i, '(') || is(i, "ONLY") || is(i, "LATERAL")) ++i;
    if (is(i, "SELECT") || is(i, "VALUES") || is(i, "WITH")) return {};
    return name_at(i);
  }
  bool common_table(std::string_view table) const {
    return std::any_of(common_tables_.begin(), common_tables_.end(),
                       [&](std::string_view name) { return unquoted_or_same(name) == table; });
  }
  static std::string_view unquoted_or_same(std::string_view name) {
    return name.find_first_of("\"`[") == std::string_view::npos ? name : unquoted(name);
  }
  // If SELECT reads from a name of WITH, returns the first real table of the statement, or else that name.
  std::string table_of_common(std::string common) const {
    for (size_t i = 1; i + 1 < tokens_.size(); ++i) {
      if (!is(i, "FROM") && !is(i, "INTO") && !is(i, "UPDATE")) continue;
      if (!is_name(i + 1) || is(i + 1, "SELECT")) continue;
      std::string table = name_at(i + 1);
      if (!common_table(table)) return table;
    }
    return common;
  }

  // Names a definition: for CREATE [OR REPLACE] [UNIQUE] INDEX name ON table …, "CREATE INDEX" and the table.
  void name_definition(size_t verb, SqlOutline& outline) const {
    static constexpr std::array<std::string_view, 24> kObjects = {
        "TABLE",    "INDEX",     "VIEW",         "SEQUENCE",    "ROLE",       "USER",       "DATABASE", "SCHEMA",
        "FUNCTION", "PROCEDURE", "TRIGGER",      "TYPE",        "EXTENSION",  "DOMAIN",     "POLICY",   "RULE",
        "SERVER",   "AGGREGATE", "SUBSCRIPTION", "PUBLICATION", "STATISTICS", "TABLESPACE", "SYSTEM",   "COLUMN"};
    size_t i = verb + 1;
    while (i < tokens_.size() && !one_of(tokens_[i], kObjects)) ++i;
    if (i >= tokens_.size()) return;
    outline.operation += ' ';
    outline.operation += upper(tokens_[i].text);
    size_t on = is(i, "INDEX") && outline.operation[0] == 'C' ? find_word(i, "ON") : tokens_.size();
    outline.target = table_at(on < tokens_.size() ? on + 1 : i + 1);
  }

  void name_explained(size_t verb, SqlOutline& outline) const {
    size_t i = verb + 1;
    while (i < tokens_.size() && !one_of(tokens_[i], kMainVerbs)) ++i;
    if (i >= tokens_.size()) return;
    SqlOutline inner = Outline(tokens_.subspan(i)).run_plain();
    outline.target = std::move(inner.target);
  }
  SqlOutline run_plain() const {
    SqlOutline outline{upper(tokens_[0].text), {}};
    if (outline.operation != "EXPLAIN") name(0, outline);
    return outline;
  }

  std::span<const SqlToken> tokens_;
  std::vector<std::string_view> common_tables_;
};

}  // namespace

SqlOutline outline_sql(std::span<const SqlToken> statement) { return Outline(statement).run(); }

}  // namespace culprit
