// Request: a request of a PostgreSQL client while its messages are collected. It ends with the ReadyForQuery of its
// answer.
//
//   P ─▶ 1   B ─▶ 2   E ─▶ C, I or s   C ─▶ 3     each step has its own answer, in order; an error ends all open steps
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit::postgresql {

// The purpose of a request without executions. If several values apply, the greatest one names the request.
enum class RequestPurpose : uint8_t { None, Sync, Close, Describe, Bind, Parse, FunctionCall, Cancel, Connect };

constexpr size_t kMaxNameShown = 63;  // NAMEDATALEN - 1: the server ignores the rest

// Returns a name in lower case, as SQL folds an unquoted name.
std::string without_case(std::string_view name);

// The numbers of rows from CommandComplete; -1: not given.
struct RowCounts {
  int64_t returned = -1, affected = -1;
  void add(const RowCounts& other);
};

// A message that has its own answer.
struct Step {
  enum class Kind : uint8_t { Parse, Bind, Execute, ClosePortal, CloseStatement, Query };
  enum class Outcome : uint8_t {
    Pending,
    Done,
    Failed,
    NotRun,  // skipped by the server after a failed step
  };
  Kind kind;
  Outcome outcome = Outcome::Pending;
  bool continues = false;  // Execute: continues a portal that an earlier Execute suspended
  std::string statement;   // Parse, Bind, CloseStatement: the name. Execute, Query: the name if the text is unknown
  std::string portal;      // Bind, Execute, ClosePortal: the portal. Query: the name after EXECUTE
  Sql sql;                 // Parse: the text. Execute, Query: the text that runs, if known
  uint32_t most_rows = 0;  // Execute; 0: all
  uint32_t completed = 0;  // Query: the number of its statements that the server has completed
  int64_t begin_ns = 0;    // Execute: when the server reported its start; 0: no report
  int64_t end_ns = 0;      // the time of the answer
  RowCounts rows;

  bool runs() const { return kind == Kind::Execute || kind == Kind::Query; }
};

struct Request {
  RequestToken token = RequestToken::None;
  int64_t begin_ns = 0, first_reply_ns = 0;
  uint32_t flags = 0;
  bool asked = false;  // a Sync or a simple query ended the request: the next message begins a new one
  RequestPurpose purpose = RequestPurpose::None;
  std::vector<Step> steps;
  size_t next_step = 0;        // the first step without an answer
  uint64_t unlisted_runs = 0;  // executions beyond kMaxSteps
  bool copies_in = false;
  std::string sql_state;     // the SQLSTATE of the first error
  uint64_t reported_id = 0;  // id of the last text that the server reported
  uint64_t request_bytes = 0, reply_bytes = 0;

  // Adds a step. Returns null if the request has too many.
  Step* add_step(Step::Kind kind);
  // Returns the step that a server message answers, or null. Earlier steps without an answer count as done.
  Step* answer_step(Step::Kind kind, Step::Kind or_kind);
  size_t pending_runs() const;
};

// Returns the row counts in a command tag ("INSERT 0 5", "SELECT 3").
RowCounts rows_of_tag(std::string_view tag, bool copies_in);
// Returns the SQLSTATE in the kept part of an ErrorResponse; empty: none.
std::string_view sql_state_of(std::string_view body);
// Returns true if the error ends the connection (FATAL, PANIC).
bool ends_connection(std::string_view body);

// Makes the exchange of a request. `transaction` is the status byte of ReadyForQuery; 0: there was none.
Exchange make_exchange(const Request& request, int64_t end_ns, char transaction, std::string_view database);

}  // namespace culprit::postgresql
