#include "ask/plan.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "ask/index_keys.h"
#include "base/text.h"
#include "statement/lexer.h"
#include "statement/normalise.h"

namespace culprit::ask {

namespace {

constexpr const char* kUndefinedTable = "42P01";

bool has_plan(std::string_view operation) {
  static constexpr std::array<std::string_view, 7> kPlanned = {"SELECT", "INSERT", "UPDATE", "DELETE",
                                                               "WITH",   "VALUES", "MERGE"};
  return std::find(kPlanned.begin(), kPlanned.end(), operation) != kPlanned.end();
}

// Types whose constants are written TYPE 'text' ("Constants of Other Types").
bool typed_constant(std::string_view word) {
  static constexpr std::array<std::string_view, 5> kTypes = {"INTERVAL", "TIMESTAMP", "TIMESTAMPTZ", "DATE", "TIME"};
  return std::any_of(kTypes.begin(), kTypes.end(), [&](std::string_view type) { return is_word(word, type); });
}

Plan unknown(std::string why) {
  Plan plan;
  plan.unknown_why = std::move(why);
  return plan;
}

std::string quoted_literal(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

// The schemas for the search path: tables may be in schemas of the application's search_path that this session does not
// have. The largest schemas come first: of two tables with one name, the larger is the likelier cause.
std::string all_schemas(Session& session) {
  Reply reply = session.run(
      "SELECT quote_ident(nspname) FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' "
      "ORDER BY (SELECT coalesce(sum(relpages), 0) FROM pg_class WHERE relnamespace = n.oid) DESC, nspname LIMIT 200",
      1);
  std::string path;
  for (const std::vector<std::string>& row : reply.rows) path += (path.empty() ? "" : ", ") + row[0];
  return path;
}

// Returns EXPLAIN's JSON, or the failure.
Reply explain(Session& session, const std::string& sql) {
  session.run("DEALLOCATE ALL", 0);
  Reply prepared = session.prepare("culprit_plan", sql);
  if (prepared.failure) return prepared;
  int parameters = prepared.rows.empty() ? 0 : std::atoi(prepared.rows[0][0].c_str());
  std::string values;
  for (int i = 0; i < parameters; ++i) values += i ? ", NULL" : "NULL";
  return session.run("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE culprit_plan" + (values.empty() ? "" : "(" + values + ")"),
                     1);
}

std::vector<Column> columns_of(Session& session, const std::string& oid) {
  Reply reply = session.run(
      "SELECT quote_ident(attname), format_type(coalesce(nullif(typbasetype, 0), atttypid), NULL) "
      "FROM pg_attribute JOIN pg_type t ON t.oid = atttypid WHERE attrelid = $1::oid AND attnum > 0 "
      "AND NOT attisdropped ORDER BY attnum LIMIT 1600",
      2, {oid});
  std::vector<Column> columns;
  for (const std::vector<std::string>& row : reply.rows) columns.push_back({row[0], row[1]});
  return columns;
}

// Checks all functions of that name: only the server's parser knows which of them is called.
bool is_immutable(Session& session, const std::string& function) {
  size_t dot = function.rfind('.');
  Reply reply = session.run("SELECT bool_and(provolatile = 'i') FROM pg_proc WHERE quote_ident(proname) = $1", 1,
                            {dot == std::string::npos ? function : function.substr(dot + 1)});
  return !reply.rows.empty() && reply.rows[0][0] == "t";
}

void add_relation(Session& session, const Scan& scan, Plan& plan) {
  Reply table = session.run(
      "SELECT c.oid, pg_table_size(c.oid), greatest(c.reltuples, 0) FROM pg_class c JOIN pg_namespace n "
      "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
      3, {scan.schema, scan.relation});
  if (table.failure || table.rows.empty()) return;
  const std::string& oid = table.rows[0][0];
  plan.relation_bytes = std::atoll(table.rows[0][1].c_str());
  if (scan.node == "Seq Scan") plan.rows_read = std::max(std::atof(table.rows[0][2].c_str()), scan.rows_per_turn);
  Reply indexes = session.run(
      "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::oid AND indisvalid ORDER BY 1 LIMIT 50", 1,
      {oid});
  for (const std::vector<std::string>& row : indexes.rows) plan.indexes.push_back(row[0]);
  Table known{scan.alias, columns_of(session, oid),
              [&](const std::string& function) { return is_immutable(session, function); }};
  FilterKeys filter = keys_of_filter(scan.filter.empty() ? scan.condition : scan.filter, known);
  plan.filter_columns = std::move(filter.keys);
  plan.pattern_columns = std::move(filter.patterns);
  plan.sort_keys = keys_of_sort(scan.sort_keys, known);
}

// For each deleted row, the tables that refer to it are searched, and so on for rows that ON DELETE CASCADE deletes.
// UPDATE is not checked: it searches only if it changes the key, which is rare.
void add_unindexed_references(Session& session, const Scan& scan, Plan& plan) {
  // Only tables of at least 1 MB: smaller ones are read quickly. An index that begins with one of several columns
  // leaves few rows to read.
  Reply reply = session.run(
      "WITH RECURSIVE emptied(id) AS ("
      "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND relname = $2 "
      "UNION SELECT conrelid FROM pg_constraint JOIN emptied ON confrelid = id "
      "WHERE contype = 'f' AND confdeltype = 'c') "
      "SELECT conrelid::regclass || ' (' || (SELECT string_agg(quote_ident(attname), ', ' ORDER BY at) "
      "FROM unnest(conkey) WITH ORDINALITY AS k(number, at) "
      "JOIN pg_attribute ON attrelid = conrelid AND attnum = k.number) || ')' "
      "FROM pg_constraint JOIN emptied ON confrelid = id JOIN pg_class child ON child.oid = conrelid "
      "WHERE contype = 'f' AND relkind = 'r' AND pg_relation_size(conrelid) > 1000000 AND NOT EXISTS ("
      "SELECT FROM pg_index WHERE indrelid = conrelid AND indisvalid AND indkey[0] = ANY (conkey) AND "
      "(indpred IS NULL OR pg_get_expr(indpred, indrelid) LIKE '%IS NOT NULL%')) "
      "ORDER BY pg_relation_size(conrelid) DESC, conrelid LIMIT 3",
      1, {scan.written_schema, scan.written});
  for (const std::vector<std::string>& row : reply.rows) plan.unindexed_references.push_back(row[0]);
}

std::string quoted_relation(Session& session, const std::string& schema, const std::string& relation) {
  Reply reply = session.run("SELECT quote_ident($1), quote_ident($2)", 2, {schema, relation});
  if (reply.rows.empty()) return relation;
  return (schema.empty() || schema == "public" ? "" : reply.rows[0][0] + ".") + reply.rows[0][1];
}

// EXPLAIN VERBOSE puts the table's alias before every column; in a line about one table it is not needed.
std::string without_alias(std::string text, const std::string& alias) {
  if (alias.empty()) return text;
  for (const std::string& prefix : {alias + ".", "\"" + alias + "\"."}) {
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
      bool begins = at == 0 || !(std::isalnum(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == '_' ||
                                 text[at - 1] == '.' || text[at - 1] == '"');
      if (begins)
        text.erase(at, prefix.size());
      else
        ++at;
    }
  }
  return text;
}

std::string summary_of(const Scan& scan, const std::string& relation) {
  std::string text = scan.node + (scan.index.empty() ? "" : " using " + scan.index) + " on " + relation;
  if (!scan.condition.empty()) text += " (condition: " + without_alias(scan.condition, scan.alias) + ")";
  if (!scan.filter.empty()) text += " (filter: " + without_alias(scan.filter, scan.alias) + ")";
  return text;
}

void add_scan(Session& session, const Scan& scan, Plan& plan) {
  plan.scan = scan.node;
  plan.relation = quoted_relation(session, scan.schema, scan.relation);
  plan.unfiltered = scan.filter.empty();
  plan.needed_whole = plan.unfiltered && scan.sort_keys.empty() && !scan.joined;
  plan.rows_read = scan.rows;
  plan.rows_returned = scan.rows_per_turn;
  plan.summary = summary_of(scan, plan.relation);
  add_relation(session, scan, plan);
}

// A column may be called "offset" too: then no number follows it.
bool skips_rows(std::string_view statement) {
  SqlTokens lexed = lex_sql(statement);
  for (size_t i = 0; i + 1 < lexed.tokens.size(); ++i)
    if (is_word(lexed.tokens[i].text, "OFFSET") && lexed.tokens[i + 1].kind == SqlTokenKind::Literal) return true;
  return false;
}

}  // namespace

std::string with_parameters(std::string_view statement) {
  // Statements from the recorder are normalised already. Others may not be, and their literals must not be sent.
  NormalisedSql sql = normalise_sql(statement);
  if (sql.count != 1 || sql.cut || !has_plan(sql.statements[0].operation)) return {};
  SqlTokens lexed = lex_sql(sql.statements[0].text);
  std::string text;
  int parameters = 0;
  for (size_t i = 0; i < lexed.tokens.size(); ++i) {
    const SqlToken& token = lexed.tokens[i];
    if (token.space_before && !text.empty()) text += ' ';
    bool before_literal = i + 1 < lexed.tokens.size() && lexed.tokens[i + 1].kind == SqlTokenKind::Literal;
    bool type = token.kind == SqlTokenKind::Word && typed_constant(token.text) && before_literal;
    if (type) {
      text += "$" + std::to_string(++parameters) + "::" + std::string(token.text);
      ++i;
      continue;
    }
    text += token.kind == SqlTokenKind::Literal ? "$" + std::to_string(++parameters) : std::string(token.text);
  }
  return text;
}

Plan ask_plan(Session& session, const std::string& statement) {
  std::string sql = with_parameters(statement);
  if (sql.empty()) return unknown("it is not a single complete statement with a plan");
  Reply reply = explain(session, sql);
  if (reply.failure && reply.failure->state == kUndefinedTable) {
    session.run("SELECT set_config('search_path', " + quoted_literal(all_schemas(session)) + ", false)", 1);
    reply = explain(session, sql);
    session.run("RESET search_path", 0);
  }
  if (reply.failure) return unknown(reply.failure->message);
  if (reply.rows.empty()) return unknown("the server gave no plan");
  Scan scan = most_expensive_scan(reply.rows[0][0]);
  Plan plan;
  plan.known = true;
  plan.cost = scan.total_cost;
  plan.write = scan.written_how;
  plan.skips = skips_rows(sql);
  if (scan.found) add_scan(session, scan, plan);
  if (!scan.found) plan.summary = "no table is read";
  if (plan.write.empty()) return plan;
  plan.summary =
      plan.write + " on " + quoted_relation(session, scan.written_schema, scan.written) + ": " + plan.summary;
  if (plan.write == "Delete") add_unindexed_references(session, scan, plan);
  return plan;
}

}  // namespace culprit::ask
