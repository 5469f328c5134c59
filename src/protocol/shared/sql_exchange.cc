#include "protocol/shared/sql_exchange.h"

#include <algorithm>

#include "base/text.h"

namespace culprit {

namespace {

constexpr size_t kMaxListing = 4096;  // limit of the texts of a batch, the same as for one statement

bool worthy(const SqlStatement& statement) { return !sql_housekeeping(statement.operation); }

const SqlStatement* main_statement(const NormalisedSql& sql) {
  if (sql.statements.empty()) return nullptr;
  auto main = std::find_if(sql.statements.begin(), sql.statements.end(), worthy);
  return main == sql.statements.end() ? &sql.statements.front() : &*main;
}

const SqlRun& main_run(std::span<const SqlRun> runs) {
  auto main = std::find_if(runs.begin(), runs.end(), [](const SqlRun& run) {
    const SqlStatement* statement = run.sql ? main_statement(*run.sql) : nullptr;
    return !run.sql || (statement != nullptr && worthy(*statement));
  });
  return main == runs.end() ? runs.front() : *main;
}

std::string name_of(const SqlRun& run, const SqlStatement* statement) {
  if (statement != nullptr) {
    std::string summary = statement->summary();
    return summary.empty() ? "statement without a word" : summary;  // a text that the server refuses, such as "(1)"
  }
  if (run.sql) return "empty query";
  return run.name.empty() ? "unknown statement" : "prepared " + repaired_utf8(run.name);
}

std::string listing(Exchange& exchange, std::span<const SqlRun> runs) {
  std::string all;
  for (const SqlRun& run : runs) {
    if (!run.sql) continue;
    if (run.sql->cut) exchange.flags |= kTextCut;
    if (run.sql->context && !exchange.context) exchange.context = run.sql->context;
    if (all.size() > kMaxListing) continue;
    if (runs.size() == 1) return run.sql->text();
    if (!all.empty()) all += "; ";
    all += run.sql->text();
  }
  return all;
}

}  // namespace

bool unknown_text(std::span<const SqlRun> runs) {
  return std::any_of(runs.begin(), runs.end(), [](const SqlRun& run) { return !run.sql || !run.name.empty(); });
}

void add_attribute(Exchange& exchange, std::string_view key, Value value) {
  // The usual number of attributes of a statement with its server. Reserving them avoids four moves of each.
  constexpr size_t kUsual = 12;
  if (exchange.attributes.empty()) exchange.attributes.reserve(kUsual);
  exchange.attributes.push_back({std::string(key), std::move(value)});
}

void set_statement_text(Exchange& exchange, std::string_view text) {
  const SqlDialect& dialect = sql_dialect(find_text(exchange.attributes, "db.system.name"));
  const SqlRun run{std::make_shared<const NormalisedSql>(normalise(text, dialect)), {}};
  if (run.sql->statements.empty()) return;
  std::erase_if(exchange.attributes, [](const Attribute& attribute) {
    return attribute.key.starts_with("db.query.") || attribute.key.starts_with("db.operation.") ||
           attribute.key == "db.collection.name";
  });
  exchange.flags &= ~uint32_t{kTextUnknown};
  describe_sql(exchange, {&run, 1}, 1);
}

void describe_sql(Exchange& exchange, std::span<const SqlRun> runs, uint64_t executed) {
  if (unknown_text(runs)) exchange.flags |= kTextUnknown;
  const SqlRun& main = main_run(runs);
  const SqlStatement* statement = main.sql ? main_statement(*main.sql) : nullptr;
  exchange.name = name_of(main, statement);
  if (statement != nullptr && !statement->operation.empty())
    add_attribute(exchange, "db.operation.name", statement->operation);
  if (statement != nullptr && !statement->target.empty())
    add_attribute(exchange, "db.collection.name", statement->target);

  uint64_t distinct = 0;
  for (const SqlRun& run : runs) distinct += run.sql ? run.sql->count : 1;
  if (distinct > 1) exchange.name += " +" + std::to_string(distinct - 1);
  if (std::string text = listing(exchange, runs); !text.empty())
    add_attribute(exchange, "db.query.text", std::move(text));
  add_attribute(exchange, "db.query.summary", exchange.name);
  if (executed <= 1) return;
  exchange.flags |= kBatch;
  add_attribute(exchange, "db.operation.batch.size", static_cast<int64_t>(executed));
}

}  // namespace culprit
