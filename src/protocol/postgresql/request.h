// Request: one thing a PostgreSQL client asked for, up to the ReadyForQuery that ends its answer, while it gathers.
//
//   P ─▶ 1   B ─▶ 2   E ─▶ C, I or s   C ─▶ 3     each step is answered by itself, in order; an error ends them all
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit::postgresql {

// What a request without any execution was for, in order of what names it best.
enum class RequestPurpose : uint8_t { None, Sync, Close, Describe, Bind, Parse, FunctionCall, Cancel, Connect };

constexpr size_t kMaxNameShown = 64;  // NAMEDATALEN

// As SQL folds a name that is not quoted.
std::string without_case(std::string_view name);

// Rows that CommandComplete tells; -1: not said.
struct RowCounts {
  int64_t returned = -1, affected = -1;
  void add(const RowCounts& other);
};

// A message that the server answers by itself.
struct Step {
  enum class Kind : uint8_t { Parse, Bind, Execute, ClosePortal, CloseStatement, Query };
  enum class Outcome : uint8_t {
    Pending,
    Done,
    Failed,
    NotRun,  // behind one that failed
  };
  Kind kind;
  Outcome outcome = Outcome::Pending;
  bool continues = false;  // Execute: of a portal that an earlier one suspended
  std::string statement;   // Parse, Bind, CloseStatement: its name. Execute, Query: the name of what has no known text
  std::string portal;      // Bind, Execute, ClosePortal. Query: the name that an EXECUTE of it gives
  Sql sql;                 // Parse: its text. Execute, Query: what it runs, as far as that is known
  uint32_t most_rows = 0;  // Execute; 0: all
  uint32_t completed = 0;  // Query: statements of it that the server has completed
  int64_t begin_ns = 0;    // Execute: when the server said that it began with its text; 0: it did not
  int64_t end_ns = 0;      // when it was answered
  RowCounts rows;

  bool runs() const { return kind == Kind::Execute || kind == Kind::Query; }
};

struct Request {
  RequestToken token = RequestToken::None;
  int64_t begin_ns = 0, first_reply_ns = 0;
  uint32_t flags = 0;
  bool asked = false;  // Sync or a simple query has ended it: the next message begins another
  RequestPurpose purpose = RequestPurpose::None;
  std::vector<Step> steps;
  size_t next_step = 0;        // the first that is not answered
  uint64_t unlisted_runs = 0;  // executions beyond the most steps that are kept
  bool copies_in = false;
  std::string sql_state;     // of the first error
  uint64_t reported_id = 0;  // of the last text that the server reported
  uint64_t request_bytes = 0, reply_bytes = 0;

  // Null where there are too many.
  Step* add_step(Step::Kind kind);
  // The step that a message of the server answers; those before it, whose answers were not seen, are done. Null: none.
  Step* answer_step(Step::Kind kind, Step::Kind or_kind);
  size_t pending_runs() const;
};

// The rows that a CommandComplete's tag ("INSERT 0 5", "SELECT 3") tells.
RowCounts rows_of_tag(std::string_view tag, bool copies_in);
// The SQLSTATE in an ErrorResponse's body, of what was kept of it; empty: none.
std::string_view sql_state_of(std::string_view body);
// Whether the error ends the connection (FATAL, PANIC).
bool ends_connection(std::string_view body);

// `transaction`: the status byte of ReadyForQuery; 0: none came.
Exchange make_exchange(const Request& request, int64_t end_ns, char transaction, std::string_view database);

}  // namespace culprit::postgresql
