// What `--ask` knows about a database system: one row for each, found by db.system.name as in the other registries.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ask/locks.h"
#include "ask/session.h"
#include "model/database_inspector.h"

namespace culprit::ask {

// A database that can be asked.
struct Database {
  std::string instance;  // "127.0.0.1:5432/shop"
  Login login;
};

struct FoundServers {
  std::vector<Database> databases;
  std::map<std::string, std::string> refused;  // the reason, by instance
};

struct DatabasePlugin {
  std::string_view system;  // db.system.name
  // Finds the servers of this machine except those in `known` (":5432/"). If `data_directories` is not empty, finds
  // only servers with these directories.
  FoundServers (*find_servers)(const std::set<std::string>& known, const std::vector<std::string>& data_directories,
                               const CancelToken* cancel);
  LocksReply (*lock_waits)(Session& session, const std::string& instance, int64_t now_ns);
  Plan (*plan)(Session& session, const std::string& statement);
};

std::span<const DatabasePlugin> database_plugins();

}  // namespace culprit::ask
