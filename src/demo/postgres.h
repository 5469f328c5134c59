// Postgres: a PostgreSQL server of our own, from the distribution's package, on a private port, with TLS.
#pragma once

#include <string>

#include "base/result.h"
#include "demo/process.h"

namespace culprit::demo {

// Where the newest installed server's programs are: "/usr/lib/postgresql/15/bin". An error with the package's name.
Result<std::string> find_postgres_programs();

class Postgres {
 public:
  // Makes a cluster below `place`, starts it and waits until it takes connections.
  static Result<Postgres> start(const std::string& place, const std::string& programs, const User& user);

  Postgres(Postgres&&) = default;
  Postgres& operator=(Postgres&&) = delete;
  ~Postgres() { stop(); }

  // Runs SQL as the superuser, by the server's own local login. `database` as psql takes it.
  Result<void> run_sql(const std::string& database, const std::string& sql, int timeout_ms);
  // The same in a process of its own, to wait for.
  Result<Child> start_sql(const std::string& database, const std::string& sql);
  // The one value that a query gives.
  Result<std::string> ask(const std::string& database, const std::string& query);
  // Immediate shutdown: its data are thrown away, so nothing needs to reach the disk any more.
  void stop() { postmaster_.stop(SIGQUIT); }

  int pid() const { return postmaster_.pid(); }
  int port() const { return port_; }
  const std::string& data_directory() const { return data_; }
  const std::string& password() const { return password_; }
  // How the shop's programs connect.
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
