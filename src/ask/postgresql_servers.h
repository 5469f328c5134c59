// Finds the PostgreSQL servers of this machine, and asks each by its local login which of its databases are in use.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ask/database_plugin.h"

namespace culprit::ask {

FoundServers find_postgresql_servers(const std::set<std::string>& known,
                                     const std::vector<std::string>& data_directories, const CancelToken* cancel);

}  // namespace culprit::ask
