#include "shop/database.h"

#include <libpq-fe.h>

#include "shop/options.h"

namespace shop {

namespace {

Rows rows_of(pg_conn* connection, PGresult* result) {
  Rows rows;
  ExecStatusType status = PQresultStatus(result);
  rows.ok = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  if (!rows.ok) rows.error = PQerrorMessage(connection);
  rows.rows.resize(PQntuples(result));
  for (size_t row = 0; row < rows.rows.size(); ++row) {
    for (int column = 0; column < PQnfields(result); ++column) {
      rows.rows[row].emplace_back(PQgetvalue(result, static_cast<int>(row), column));
    }
  }
  PQclear(result);
  return rows;
}

}  // namespace

Session::Session(const std::string& conninfo, const std::vector<Statement>& statements)
    : conninfo_(conninfo), statements_(statements) {}

Session::~Session() { PQfinish(connection_); }

bool Session::connect() {
  PQfinish(connection_);
  connection_ = PQconnectdb(conninfo_.c_str());
  if (PQstatus(connection_) != CONNECTION_OK) return false;
  for (const Statement& statement : statements_) {
    Rows prepared =
        rows_of(connection_, PQprepare(connection_, statement.name.c_str(), statement.sql.c_str(), 0, nullptr));
    if (!prepared.ok) return false;
  }
  return true;
}

std::string Session::error() const { return connection_ ? PQerrorMessage(connection_) : "not connected"; }

Rows Session::run(const std::string& statement_name, const std::vector<std::string>& parameters) {
  if (PQstatus(connection_) != CONNECTION_OK && !connect()) return {false, error(), {}};
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  return rows_of(connection_, PQexecPrepared(connection_, statement_name.c_str(), static_cast<int>(values.size()),
                                             values.data(), nullptr, nullptr, 0));
}

Rows Session::command(const char* sql) { return rows_of(connection_, PQexec(connection_, sql)); }

Database::Database(std::string conninfo, std::vector<Statement> statements, int sessions)
    : conninfo_(std::move(conninfo)), statements_(std::move(statements)) {
  for (int i = 0; i < sessions; ++i) {
    auto session = std::make_unique<Session>(conninfo_, statements_);
    if (!session->connect()) give_up("database: " + session->error());
    free_.push_back(std::move(session));
  }
}

Database::Lease::Lease(Database& database) : database_(database) {
  std::unique_lock lock(database.mutex_);
  database.freed_.wait(lock, [&] { return !database.free_.empty(); });
  session_ = std::move(database.free_.back());
  database.free_.pop_back();
}

Database::Lease::~Lease() {
  {
    std::lock_guard lock(database_.mutex_);
    database_.free_.push_back(std::move(session_));
  }
  database_.freed_.notify_one();
}

}  // namespace shop
