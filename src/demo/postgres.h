// Postgres: a private PostgreSQL server from the distribution's package, on a free port, with TLS.
#pragma once

#include <string>

#include "base/result.h"
#include "demo/process.h"

namespace culprit::demo {

// Returns the directory of the newest installed server's programs: "/usr/lib/postgresql/15/bin". If there is none, the
// error names the package.
Result<std::string> find_postgres_programs();

class Postgres {
 public:
  // Creates a cluster below `place`, starts it and waits until it accepts connections.
  static Result<Postgres> start(const std::string& place, const std::string& programs, const User& user);

  Postgres(Postgres&&) = default;
  Postgres& operator=(Postgres&&) = delete;
  ~Postgres() { stop(); }

  // Runs SQL as the superuser, by the server's local login. `database` is in psql's form.
  Result<void> run_sql(const std::string& database, const std::string& sql, int timeout_ms);
  // The same in a process of its own, which the caller waits for.
  Result<Child> start_sql(const std::string& database, const std::string& sql);
  // Returns the single value of a query.
  Result<std::string> ask(const std::string& database, const std::string& query);
  // Immediate shutdown: the data are deleted, so nothing needs to be written to the disk any more.
  void stop() { postmaster_.stop(SIGQUIT); }

  int pid() const { return postmaster_.pid(); }
  int port() const { return port_; }
  const std::string& data_directory() const { return data_; }
  const std::string& password() const { return password_; }
  // Returns the connection string of the shop's programs.
  std::string conninfo(const std::string& application, const std::string& options) const;
  std::string version() const { return version_; }

 private:
  Postgres(std::string place, std::string programs, User user);
  Program program(std::vector<std::string> arguments) const;
  Result<void> make_cluster();
  Result<void> configure();
  Result<void> start_postmaster();
  Program psql(const std::string& database, const std::string& sql) const;

  std::string place_, programs_, data_, password_, version_;
  User user_;
  int port_ = 0;
  Child postmaster_;
};

}  // namespace culprit::demo
