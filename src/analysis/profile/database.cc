#include "analysis/profile/database.h"

#include <algorithm>
#include <cctype>

namespace culprit::analysis {

namespace {

constexpr std::string_view kPostgres[] = {"postgresql", "postgres"};
constexpr std::string_view kMysql[] = {"mysql", "mysqld"};
constexpr std::string_view kMariadb[] = {"mariadb", "mariadbd"};
constexpr std::string_view kRedis[] = {"redis", "redis-server", "valkey-server"};
constexpr std::string_view kMongodb[] = {"mongodb", "mongod"};

constexpr std::string_view kJobQueue = "FOR UPDATE SKIP LOCKED";

constexpr Database kDatabases[] = {
    {.system = "postgresql",
     .services = kPostgres,
     .slow_query =
         "EXPLAIN (ANALYZE, BUFFERS) the statement; an index on what it looks up by is missing where it scans",
     .sleeping = "look at pg_stat_activity.wait_event while it runs: what it waits for",
     .lock_table = "look at pg_locks while it happens",
     .lock_holder = "culprit record --ask, or why --ask: which session holds the lock",
     .idle_holder = "end that session's transaction (pg_terminate_backend({pid})), find why it stays open, set "
                    "idle_in_transaction_session_timeout",
     .job_queue = kJobQueue,
     .plan = "culprit why --ask: the plan of the statement",
     .batch = "a join, or = ANY(…)"},
    {.system = "mysql",
     .services = kMysql,
     .slow_query = "EXPLAIN ANALYZE the statement; an index on what it looks up by is missing where it scans",
     .sleeping = "look at performance_schema.events_waits_current while it runs: what it waits for",
     .lock_table = "look at performance_schema.data_lock_waits while it happens",
     .lock_holder = "performance_schema.data_lock_waits while it happens: which session holds the lock",
     .job_queue = kJobQueue,
     .plan = "EXPLAIN ANALYZE of the statement",
     .batch = "a join, or IN (…)"},
    {.system = "mariadb",
     .services = kMariadb,
     .slow_query = "ANALYZE FORMAT=JSON the statement; an index on what it looks up by is missing where it scans",
     .lock_holder = "information_schema.innodb_lock_waits while it happens: which session holds the lock",
     .job_queue = kJobQueue,
     .plan = "ANALYZE FORMAT=JSON of the statement",
     .batch = "a join, or IN (…)"},
    {.system = "redis",
     .services = kRedis,
     .slow_query = "SLOWLOG GET: how long the server itself took for it",
     .batch = "MGET, or a pipeline"},
    {.system = "mongodb",
     .services = kMongodb,
     .slow_query = "explain(\"executionStats\") the query; an index is missing where it is a COLLSCAN",
     .plan = "explain(\"executionStats\") of the query",
     .batch = "$in, or $lookup"},
};

}  // namespace

const Database* find_database(std::string_view system) {
  for (const Database& database : kDatabases)
    if (database.system == system) return &database;
  return nullptr;
}

const Database* database_of_service(std::string_view service) {
  for (const Database& database : kDatabases)
    if (std::find(database.services.begin(), database.services.end(), service) != database.services.end())
      return &database;
  return nullptr;
}

bool blocks_until_news(std::string_view statement) {
  std::string text(statement.substr(0, 200));
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (std::string_view command : {"blpop", "brpop", "blmove", "blmpop", "brpoplpush", "bzpopmin", "bzpopmax", "bzmpop",
                                   "subscribe", "psubscribe", "ssubscribe", "listen", "waitfor", "wait "})
    if (text.starts_with(command)) return true;
  return text.starts_with("xread") && text.find(" block ") != std::string::npos;
}

std::string with_pid(std::string_view text, int32_t pid) {
  std::string out(text);
  if (size_t at = out.find("{pid}"); at != std::string::npos) out.replace(at, 5, std::to_string(pid));
  return out;
}

}  // namespace culprit::analysis
