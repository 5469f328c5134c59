// Session: one read-only connection to one database, on which every wait has a limit.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace culprit::ask {

struct Login {
  std::vector<std::pair<std::string, std::string>> parameters;  // libpq's: host, port, dbname, user …
  std::optional<uid_t> as;  // connect as this user of the system, for the server's peer login
};

struct Failure {
  std::string state;  // SQLSTATE; empty: the connection broke or the time was up
  std::string message;
};

// What a query answered: rows or a failure.
struct Reply {
  std::optional<Failure> failure;
  std::vector<std::vector<std::string>> rows;  // NULL is empty
};

class Session {
 public:
  static Result<Session> open(const Login& login);
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  ~Session();

  Reply run(const std::string& sql, const std::vector<std::string>& parameters = {});
  // Parses and analyses `sql`, one statement, without running it. One row: the number of its parameters.
  Reply prepare(const std::string& name, const std::string& sql);
  bool usable() const;

  std::string database() const;
  std::string port() const;
  std::string host() const;  // an address, or a socket's directory
  int version() const;       // 150004

 private:
  explicit Session(pg_conn* connection) : connection_(connection) {}
  Reply collect();

  pg_conn* connection_ = nullptr;
  bool late_ = false;  // an answer did not come in time: what comes next on this connection is not ours to trust
};

}  // namespace culprit::ask
