// Session: one read-only connection to one database, held by a helper process,
// on which every wait has a limit.
//
// What a server sends is foreign, and so may be the server. The library that
// reads it runs in a child process under the server's own user, without
// capabilities and without files (seccomp); it may die. Here arrive failures
// and rows of texts, whose shape is checked in one place.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace culprit::ask {

// Who must listen on a Unix socket: the process that its file names, and that
// process's user.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Login {
  // libpq's: host, port, dbname, user … . Each value is a value: none is read
  // as a connection string, and no PG* variable of the environment counts.
  std::vector<std::pair<std::string, std::string>> parameters;
  // A local server: the helper takes its user and refuses to speak to any other
  // listener. None: a server that the user named.
  std::optional<Peer> peer;
};

struct Failure {
  std::string state;  // SQLSTATE; empty: the connection broke or the time was up
  std::string message;
};

// What a query answered: a failure, or rows that all have as many columns as
// were asked for.
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

  // `columns`: of every row; an answer of another shape is a failure.
  Reply run(const std::string& sql, size_t columns, const std::vector<std::string>& parameters = {});
  // Parses and analyses `sql`, one statement, without running it. One row: the
  // number of its parameters.
  Reply prepare(const std::string& name, const std::string& sql);
  bool usable() const { return channel_ >= 0; }

  const std::string& database() const { return database_; }
  const std::string& port() const { return port_; }
  const std::string& host() const { return host_; }  // an address, or a socket's directory

 private:
  Session(pid_t helper, int channel) : helper_(helper), channel_(channel) {}
  Reply answer(size_t columns, int64_t limit_ms);
  Reply give_up(std::string why);
  void end();

  pid_t helper_ = -1;
  int channel_ = -1;  // to the helper; -1: it is gone, or an answer did not come in time
  std::string database_, port_, host_;
};

}  // namespace culprit::ask
