// What the analysis knows of a database system, joined by its name (db.system.name): how its server is recognised where only its
// process was seen, and what to try there. A system without a row gets no advice.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace culprit::analysis {

struct Database {
  std::string_view system;
  std::span<const std::string_view> services;  // as its server's process is called
  // What to try; empty: nothing is known to help.
  std::string_view slow_query;   // a query that works for long
  std::string_view sleeping;     // a statement in which the server is blocked without working
  std::string_view lock_table;   // where it shows the waiters of a lock
  std::string_view idle_holder;  // a session that holds a lock and runs nothing; {pid} is filled in
  std::string_view job_queue;    // sessions that take rows of one table in turn
  std::string_view plan;         // what would tell the plan
};

const Database* find_database(std::string_view system);
// By the name of the service or program; null: no known database.
const Database* database_of_service(std::string_view service);

// Whether a command is meant to block until there is news (Redis, PostgreSQL, SQL Server).
bool blocks_until_news(std::string_view statement);

// `text` with {pid} filled in.
std::string with_pid(std::string_view text, int32_t pid);

}  // namespace culprit::analysis
