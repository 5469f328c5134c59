// What the analysis knows about a database system, found by its name (db.system.name): how its server is recognised if
// only its process was recorded, and what advice to give. A system without a row gets no advice.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace culprit::analysis {

struct Database {
  std::string_view system;
  std::span<const std::string_view> services = {};  // names of its server's process
  // The advice; empty: none is known.
  std::string_view slow_query = {};   // a query that works for a long time
  std::string_view sleeping = {};     // a statement in which the server is blocked without working
  std::string_view lock_table = {};   // where the system shows sessions that wait for a lock
  std::string_view lock_holder = {};  // how to find the session that holds a lock
  std::string_view idle_holder = {};  // a session that holds a lock and runs no statement; {pid} is replaced
  std::string_view job_queue = {};    // sessions that take rows of one table in turn
  std::string_view plan = {};         // how to get the plan
  std::string_view batch = {};        // how one statement replaces a loop of them
};

const Database* find_database(std::string_view system);
// Finds a database by the name of a service or program; null: not a known database.
const Database* database_of_service(std::string_view service);

// Returns whether a command blocks by design until a message arrives (Redis, PostgreSQL, SQL Server).
bool blocks_until_news(std::string_view statement);

// Returns `text` with {pid} replaced.
std::string with_pid(std::string_view text, int32_t pid);

}  // namespace culprit::analysis
