// What `--ask` knows of a database system: one row a system, joined with the other registries by db.system.name.
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
  std::map<std::string, std::string> refused;  // why, by instance
};

struct DatabasePlugin {
  std::string_view system;  // db.system.name
  // The servers of this machine but those that are in `known` (":5432/"); only
  // those of `data_directories`, where there are any.
  FoundServers (*find_servers)(const std::set<std::string>& known, const std::vector<std::string>& data_directories);
  LocksReply (*lock_waits)(Session& session, const std::string& instance, int64_t now_ns);
  Plan (*plan)(Session& session, const std::string& statement);
};

std::span<const DatabasePlugin> database_plugins();

}  // namespace culprit::ask
