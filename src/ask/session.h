// Session: one read-only connection to one database, held by a helper process. Every wait has a time limit.
//
// Neither the server's data nor the server is trusted. libpq, which reads the data, runs in a child process under the
// server's own user, without capabilities and without file access (seccomp). The child may crash. This process receives
// only failures and rows of texts, whose form is checked in one place.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"

namespace culprit::ask {

// The process that must listen on a Unix socket: the one named by the server's lock file, with its user.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Login {
  // libpq parameters: host, port, dbname, user … . No value is parsed as a connection string, and PG* variables of the
  // environment are ignored.
  std::vector<std::pair<std::string, std::string>> parameters;
  // For a local server: the helper changes to its user, and refuses any other listener. None: a server that the user
  // named.
  std::optional<Peer> peer;
};

struct Failure {
  std::string state;  // SQLSTATE; empty: the server reported none (no connection, time limit, unreadable answer)
  std::string message;
};

// The answer to a query: a failure, or rows that all have the expected number of columns.
struct Reply {
  std::optional<Failure> failure;
  std::vector<std::vector<std::string>> rows;  // NULL becomes an empty text
};

class Session {
 public:
  // `cancel` ends every wait, and the session with it; may be null.
  static Result<Session> open(const Login& login, const CancelToken* cancel = nullptr);
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  ~Session();

  // `columns`: the number of columns of every row; an answer with another number is a failure.
  Reply run(const std::string& sql, size_t columns, const std::vector<std::string>& parameters = {});
  // Parses and analyses `sql`, one statement, without executing it. Returns one row with the number of its parameters.
  Reply prepare(const std::string& name, const std::string& sql);
  bool usable() const { return channel_ >= 0; }

  const std::string& database() const { return database_; }
  const std::string& port() const { return port_; }
  const std::string& host() const { return host_; }  // an address, or the directory of a socket

 private:
  Session(pid_t helper, int channel, const CancelToken* cancel) : helper_(helper), channel_(channel), cancel_(cancel) {}
  Reply answer(size_t columns, int64_t limit_ms);
  Reply give_up(std::string why);
  void end();

  pid_t helper_ = -1;
  int channel_ = -1;  // to the helper; -1: the helper is gone, or an answer did not come in time
  const CancelToken* cancel_ = nullptr;
  std::string database_, port_, host_;
};

}  // namespace culprit::ask
