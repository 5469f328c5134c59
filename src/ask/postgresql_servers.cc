#include "ask/postgresql_servers.h"

#include <pwd.h>

#include <algorithm>

#include "ask/postmaster.h"

namespace culprit::ask {

namespace {

// Each database needs a connection of its own; of a server with more databases in use, the busiest are asked.
constexpr const char* kDatabases =
    "SELECT datname FROM pg_stat_activity WHERE backend_type = 'client "
    "backend' AND pid <> pg_backend_pid() AND "
    "datname IS NOT NULL "
    "GROUP BY datname ORDER BY count(*) DESC, datname LIMIT 20";
constexpr size_t kMaxDatabases = 20;      // per server, even if a server ignores its LIMIT
constexpr size_t kMaxAllDatabases = 400;  // of all servers

std::string user_name(uid_t uid) {
  passwd* entry = getpwuid(uid);
  // A container's user has no name on the host; by default the server's superuser is called postgres.
  return entry ? entry->pw_name : "postgres";
}

Login local_login(const Postmaster& postmaster, const std::string& database) {
  Login login;
  login.parameters = {{"host", postmaster.socket_directory},
                      {"port", std::to_string(postmaster.port)},
                      {"dbname", database},
                      {"user", user_name(postmaster.uid)}};
  login.peer = Peer{postmaster.pid, postmaster.uid, postmaster.gid};
  return login;
}

std::string local_instance(const Postmaster& postmaster) { return "127.0.0.1:" + std::to_string(postmaster.port); }

// Asks which databases are in use. The first connection needs any database; not every server has one called postgres.
void add_databases(const Postmaster& postmaster, const CancelToken* cancel, FoundServers& found) {
  std::string why;
  if (postmaster.socket_directory.empty()) why = "it has no Unix socket, which is needed to identify it; give a DSN";
  for (const char* first : {"postgres", "template1"}) {
    if (postmaster.socket_directory.empty()) break;
    Result<Session> session = Session::open(local_login(postmaster, first), cancel);
    if (!session.has_value()) {
      why = why.empty() ? session.error().message : why;
      continue;
    }
    Reply reply = session.value().run(kDatabases, 1);
    if (reply.failure) {
      why = reply.failure->message;
      break;
    }
    if (reply.rows.size() > kMaxDatabases) reply.rows.resize(kMaxDatabases);
    for (const std::vector<std::string>& row : reply.rows)
      if (found.databases.size() < kMaxAllDatabases)
        found.databases.push_back({local_instance(postmaster) + "/" + row[0], local_login(postmaster, row[0])});
    return;
  }
  found.refused.emplace(local_instance(postmaster), why);
}

}  // namespace

FoundServers find_postgresql_servers(const std::set<std::string>& known,
                                     const std::vector<std::string>& data_directories, const CancelToken* cancel) {
  FoundServers found;
  for (const Postmaster& postmaster : find_postmasters()) {
    bool wanted = data_directories.empty() || std::find(data_directories.begin(), data_directories.end(),
                                                        postmaster.data_directory) != data_directories.end();
    if (wanted && !known.contains(":" + std::to_string(postmaster.port) + "/"))
      add_databases(postmaster, cancel, found);
  }
  return found;
}

}  // namespace culprit::ask
