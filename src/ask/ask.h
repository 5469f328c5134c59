// ask: queries PostgreSQL servers for `--ask`, read-only, with a time limit of one second for every question.
//
// Nothing that it sends changes data. Sessions are read-only. Plans are made and not executed. Statements are sent by
// the extended protocol, which accepts exactly one statement. The server is not trusted: see session.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "model/database_inspector.h"

namespace culprit::ask {

struct Target {
  std::string dsn;  // a libpq connection string; empty: the servers of this machine, by their local login (needs root)
  // Without a DSN: only the servers with these data directories. Empty: all servers.
  std::vector<std::string> data_directories;
  // Password file for the DSN's server: lines of host:port:database:user:password, as in libpq. There is no other way
  // to give a password.
  std::string passfile = {};
  const CancelToken* cancel = nullptr;  // ends a question with an Error of kind Cancelled; may be null
};

// For one thread at a time. Returns Error{Unavailable} if a DSN's server cannot be reached. Without a DSN it returns
// Error{Denied} if only root could find a server; questions that failed are listed by said().
Result<std::unique_ptr<DatabaseInspector>> make_inspector(const Target& target);

}  // namespace culprit::ask
