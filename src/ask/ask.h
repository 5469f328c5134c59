// ask: looks at PostgreSQL servers for `--ask`, read-only, with a second's limit for every question.
//
// Nothing that it sends changes anything: sessions are read-only, plans are made and not run, and a statement goes in by the
// extended protocol, which takes one statement and no second one behind it. Who is asked is foreign, too: see session.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/database_inspector.h"

namespace culprit::ask {

struct Target {
  std::string dsn;  // as libpq takes it; empty: the servers of this machine, by their own local login (needs root)
  // Without a DSN: only the servers of these data directories. Empty: all.
  std::vector<std::string> data_directories;
  // Of the DSN's server: lines of host:port:database:user:password, as libpq has them. The only way for a password.
  std::string passfile = {};
};

// One thread at a time. Error{Unavailable} where a DSN's server cannot be reached; without a DSN never an error: what could
// not be asked is in said().
Result<std::unique_ptr<DatabaseInspector>> make_inquiry(const Target& whom);

}  // namespace culprit::ask
