// DatabaseInspector: the interface behind `--ask`. It queries a database read-only and with a time limit, and reports
// its queries.
//
// Without --ask, analyses get a null pointer. The module ask implements the interface with libpq; tests have a fake.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/record.h"

namespace culprit {

// A session that waits for another session, from the server's lock table.
struct LockWait {
  int64_t time_ns = 0;   // the time of the query
  std::string instance;  // "127.0.0.1:5432/shop"
  int32_t waiter_pid = 0;
  std::string waiter_statement;  // literals removed
  int64_t waited_ns = 0;
  int32_t holder_pid = 0;        // the pid of the blocking backend
  std::string holder_program;    // application_name, or the client's address
  std::string holder_state;      // "idle in transaction", "active"
  std::string holder_statement;  // the last statement, literals removed
  int64_t held_ns = 0;           // time since the start of the transaction
  std::string relation;          // the table, if the lock is on a table
  std::string lock;              // "transactionid", "tuple", "relation" …
  std::string mode;
};

// The planner's plan for a statement. The statement is not run.
struct Plan {
  bool known = false;
  std::string unknown_why;  // the server's error message if the plan is unknown
  std::string summary;      // "Seq Scan on orders (filter: customer_id = $1)"
  std::string scan;         // the most expensive scan: "Seq Scan", "Index Scan" …; empty: no table is read
  std::string relation;     // the scanned table, with its schema if that is not public
  bool unfiltered = false;  // the scan tests no row after reading it
  // In the notation of CREATE INDEX: the columns that the scan compares (equality first, then one range), and those in
  // LIKE.
  std::vector<std::string> filter_columns, pattern_columns;
  // The sort keys, such as "due DESC", of a sort of all scanned rows whose first rows a LIMIT takes.
  std::vector<std::string> sort_keys;
  bool needed_whole = false;  // no filter, join, or LIMIT over a sort excludes any of the scanned rows
  bool skips = false;         // the statement has an OFFSET
  std::string write;          // "Insert", "Update", "Delete"; empty: it only reads
  double rows_read = 0;       // estimated number of rows that the scan reads
  double rows_returned = 0;   // estimated number of rows that pass its filter
  int64_t relation_bytes = 0;
  std::vector<std::string> indexes;  // definitions of the table's indexes
  double cost = 0;                   // the planner's total cost
  // For a Delete: large tables that refer to the rows without an index for this reference, such as "stamps (card_id)".
  // The largest is the first.
  std::vector<std::string> unindexed_references;
};

class DatabaseInspector {
 public:
  virtual ~DatabaseInspector() = default;

  virtual Result<std::vector<LockWait>> lock_waits() = 0;
  // Returns the plan of `statement`, which has "?" for its literals. `instance` is as in LockWait; empty: any database
  // that was found.
  virtual Result<Plan> plan(const std::string& statement, const std::string& instance) = 0;
  // Returns one line for each query so far, for the answer: "asked 127.0.0.1:5432/shop: pg_blocking_pids, EXPLAIN of 1
  // statement".
  virtual std::vector<std::string> said() const = 0;
};

// `record --ask` queries the database once per second. It stores each LockWait as a log record with this event name and
// these attributes: waiter_pid, waiter_statement, waited_ns, holder_pid, holder_program, holder_state,
// holder_statement, held_ns, relation, lock, mode, instance. lock_wait_from() reads such a record.
inline constexpr const char kLockWaitEvent[] = "culprit.lock_wait";
LogRecord to_log(const LockWait& wait);
// Returns nothing for a record of another kind.
std::optional<LockWait> lock_wait_from(const LogRecord& log);

}  // namespace culprit
