#include "ask/plan.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <iterator>

#include "base/text.h"
#include "protocol/sql.h"
#include "protocol/sql_lexer.h"

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

// Tables may lie where the application's search_path leads and ours does not. Largest first: of two of one name that is
// the likelier cause.
std::string all_schemas(Session& session) {
  Reply reply = session.run(
      "SELECT quote_ident(nspname) FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' "
      "ORDER BY (SELECT coalesce(sum(relpages), 0) FROM pg_class WHERE relnamespace = n.oid) DESC, nspname LIMIT 200");
  std::string path;
  for (const std::vector<std::string>& row : reply.rows) path += (path.empty() ? "" : ", ") + row[0];
  return path;
}

// EXPLAIN's JSON, or the failure.
Reply explain(Session& session, const std::string& sql) {
  session.run("DEALLOCATE ALL");
  Reply prepared = session.prepare("culprit_plan", sql);
  if (prepared.failure) return prepared;
  int parameters = prepared.rows.empty() ? 0 : std::atoi(prepared.rows[0][0].c_str());
  std::string values;
  for (int i = 0; i < parameters; ++i) values += i ? ", NULL" : "NULL";
  return session.run("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE culprit_plan" +
                     (values.empty() ? "" : "(" + values + ")"));
}

void add_relation(Session& session, const Scan& scan, Plan& plan) {
  Reply table = session.run(
      "SELECT c.oid, pg_table_size(c.oid), greatest(c.reltuples, 0) FROM pg_class c JOIN pg_namespace n "
      "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
      {scan.schema, scan.relation});
  if (table.failure || table.rows.empty()) return;
  const std::string& oid = table.rows[0][0];
  plan.relation_bytes = std::atoll(table.rows[0][1].c_str());
  if (scan.node == "Seq Scan") plan.rows_read = std::atof(table.rows[0][2].c_str());
  Reply indexes = session.run(
      "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::oid ORDER BY 1 LIMIT 50", {oid});
  for (const std::vector<std::string>& row : indexes.rows) plan.indexes.push_back(row[0]);
  Reply columns = session.run(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped "
      "ORDER BY attnum LIMIT 1600",
      {oid});
  std::vector<std::string> names;
  for (const std::vector<std::string>& row : columns.rows) names.push_back(row[0]);
  plan.filter_columns = columns_in(scan.filter.empty() ? scan.condition : scan.filter, names);
}

// EXPLAIN VERBOSE puts the table's alias before every column: in a line about one table it only hides.
std::string without_alias(std::string text, const std::string& alias) {
  std::string prefix = alias + ".";
  for (size_t at = text.find(prefix); !alias.empty() && at != std::string::npos; at = text.find(prefix, at)) {
    bool begins = at == 0 || !(std::isalnum(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == '_' ||
                               text[at - 1] == '.');
    if (begins)
      text.erase(at, prefix.size());
    else
      ++at;
  }
  return text;
}

std::string summary_of(const Scan& scan, const std::string& relation) {
  std::string text = scan.node + (scan.index.empty() ? "" : " using " + scan.index) + " on " + relation;
  if (!scan.condition.empty()) text += " (condition: " + without_alias(scan.condition, scan.alias) + ")";
  if (!scan.filter.empty()) text += " (filter: " + without_alias(scan.filter, scan.alias) + ")";
  return text;
}

}  // namespace

std::string with_parameters(std::string_view statement) {
  // Our own texts are normalised already; that of somebody else's may not be, and then its literals must not travel.
  NormalisedSql sql = normalise_sql(statement);
  if (sql.count != 1 || sql.cut || !has_plan(sql.statements[0].operation)) return {};
  SqlTokens lexed = lex_sql(sql.statements[0].text, SqlDialect::Postgresql, Backslash::Plain);
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

std::vector<std::string> columns_in(std::string_view expression, const std::vector<std::string>& columns) {
  SqlTokens lexed = lex_sql(expression, SqlDialect::Postgresql, Backslash::Plain);
  auto named = [&](const std::string& column) {
    return std::any_of(lexed.tokens.begin(), lexed.tokens.end(), [&](const SqlToken& token) {
      if (token.kind == SqlTokenKind::Quoted) return token.text == "\"" + column + "\"";
      if (token.kind != SqlTokenKind::Word) return false;
      // "o.customer_id" may come as one word.
      return token.text == column || token.text.ends_with("." + column);
    });
  };
  std::vector<std::string> found;
  std::copy_if(columns.begin(), columns.end(), std::back_inserter(found), named);
  return found;
}

Plan ask_plan(Session& session, const std::string& statement) {
  std::string sql = with_parameters(statement);
  if (sql.empty()) return unknown("it is no single whole statement that has a plan");
  Reply reply = explain(session, sql);
  if (reply.failure && reply.failure->state == kUndefinedTable) {
    session.run("SELECT set_config('search_path', " + quoted_literal(all_schemas(session)) + ", false)");
    reply = explain(session, sql);
    session.run("RESET search_path");
  }
  if (reply.failure) return unknown(reply.failure->message);
  if (reply.rows.empty() || reply.rows[0].empty()) return unknown("the server gave no plan");
  Scan scan = dearest_scan(reply.rows[0][0]);
  Plan plan;
  plan.known = true;
  plan.cost = scan.total_cost;
  plan.rows_returned = scan.total_rows;
  if (!scan.found) {
    plan.summary = "no table is read";
    return plan;
  }
  plan.scan = scan.node;
  plan.relation = scan.schema.empty() || scan.schema == "public" ? scan.relation : scan.schema + "." + scan.relation;
  plan.rows_read = scan.rows;
  plan.summary = summary_of(scan, plan.relation);
  add_relation(session, scan, plan);
  return plan;
}

}  // namespace culprit::ask
