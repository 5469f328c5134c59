// What the analysis knows about a database system, found by its name (db.system.name): how its server is recognised if
// only its process was recorded, and what advice to give. A system without a row gets no advice.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace culprit::analysis {

struct Database {
  std::string_view system;
  std::span<const std::string_view> services = {};  // as its server's process is called
  // What to try; empty: nothing is known to help.
  std::string_view slow_query = {};   // a query that works for long
  std::string_view sleeping = {};     // a statement in which the server is blocked without working
  std::string_view lock_table = {};   // where it shows the waiters of a lock
  std::string_view lock_holder = {};  // what would tell which session holds a lock
  std::string_view idle_holder = {};  // a session that holds a lock and runs nothing; {pid} is filled in
  std::string_view job_queue = {};    // sessions that take rows of one table in turn
  std::string_view plan = {};         // what would tell the plan
  std::string_view batch = {};        // how one statement does what a loop of them does
};

const Database* find_database(std::string_view system);
// Finds a database by the name of a service or program; null: not a known database.
const Database* database_of_service(std::string_view service);

// Returns whether a command blocks by design until a message arrives (Redis, PostgreSQL, SQL Server).
bool blocks_until_news(std::string_view statement);

// Returns `text` with {pid} replaced.
std::string with_pid(std::string_view text, int32_t pid);

}  // namespace culprit::analysis
