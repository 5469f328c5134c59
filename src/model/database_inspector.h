// DatabaseInspector: the seam behind `--ask`. Looks at a database, read-only, with a time limit, and says what it did.
//
// Analyses take an DatabaseInspector* that is null without --ask. Module ask implements it over libpq; tests have a fake.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/record.h"

namespace culprit {

// One session that waits for another, as the server's own lock table says.
struct LockWait {
  int64_t time_ns = 0;   // when it was asked
  std::string instance;  // "127.0.0.1:5432/shop"
  int32_t waiter_pid = 0;
  std::string waiter_statement;  // literals removed
  int64_t waited_ns = 0;
  int32_t holder_pid = 0;        // the backend's
  std::string holder_program;    // application_name, or the client's address
  std::string holder_state;      // "idle in transaction", "active"
  std::string holder_statement;  // its last one, literals removed
  int64_t held_ns = 0;           // since its transaction began
  std::string relation;          // the table, where the lock is of one
  std::string lock;              // "transactionid", "tuple", "relation" …
  std::string mode;
};

// What the planner would do with a statement, without running it.
struct Plan {
  bool known = false;
  std::string unknown_why;  // where not known: the server's own words
  std::string summary;      // "Seq Scan on orders (filter: customer_id = $1)"
  std::string scan;         // of the dearest node: "Seq Scan", "Index Scan" …; empty: no table is read
  std::string relation;     // its table, with schema where not public
  bool unfiltered = false;  // no row is tested after it was read
  // As CREATE INDEX takes them: what the scan compares, equality first, then one range; what LIKE compares.
  std::vector<std::string> filter_columns, pattern_columns;
  // "due DESC": what all rows of the scan are sorted by for a LIMIT to take the first of them.
  std::vector<std::string> sort_keys;
  bool needed_whole = false;  // no filter, no join and no LIMIT over a sort leaves out any of the scan's rows
  bool skips = false;         // the statement has an OFFSET
  std::string write;          // "Insert", "Update", "Delete"; empty: it only reads
  double rows_read = 0;       // estimated rows the scan looks at
  double rows_returned = 0;   // estimated rows of those that pass its filter
  int64_t relation_bytes = 0;
  std::vector<std::string> indexes;  // definitions, of that table
  double cost = 0;                   // the planner's total cost
  // Of a Delete, "stamps (card_id)": large tables that refer to the rows and have no index to find that by. Largest first.
  std::vector<std::string> unindexed_references;
};

class DatabaseInspector {
 public:
  virtual ~DatabaseInspector() = default;

  virtual Result<std::vector<LockWait>> lock_waits() = 0;
  // `statement` has "?" where literals stood; `instance` as in LockWait, empty: any database found.
  virtual Result<Plan> plan(const std::string& statement, const std::string& instance) = 0;
  // What was asked so far, a line each, for the answer: "asked 127.0.0.1:5432/shop: pg_blocking_pids, EXPLAIN of 1 statement".
  virtual std::vector<std::string> said() const = 0;
};

// `record --ask` asks once a second and keeps each LockWait as a log record with this event name and the attributes
// waiter_pid, waiter_statement, waited_ns, holder_pid, holder_program, holder_state, holder_statement, held_ns, relation,
// lock, mode, instance. lock_wait_from() reads one back.
inline constexpr const char kLockWaitEvent[] = "culprit.lock_wait";
LogRecord to_log(const LockWait& wait);
// Empty where it is another kind of record.
std::optional<LockWait> lock_wait_from(const LogRecord& log);

}  // namespace culprit
