// Request: one thing a PostgreSQL client asked for, up to the ReadyForQuery that ends its answer, while it gathers.
#pragma once

#include <string>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit::postgresql {

// What a request without any execution was for, in order of what names it best.
enum class Errand : uint8_t { None, Sync, Close, Describe, Bind, Parse, FunctionCall, Cancel, Connect };

struct Request {
  int64_t begin_ns = 0, first_reply_ns = 0;
  uint32_t flags = 0;
  bool asked = false;  // Sync or a simple query has ended it: the next message begins another
  Errand errand = Errand::None;
  Sql parsed;                                      // of the last Parse
  std::vector<SqlRun> runs;                        // distinct texts, in order
  uint64_t executed = 0;                           // statements, repeats included
  int64_t returned_rows = -1, affected_rows = -1;  // -1: not said
  bool copies_in = false;
  std::string sql_state;  // of the first error
  uint64_t told_id = 0;   // of the last text that the server told
  uint64_t request_bytes = 0, reply_bytes = 0;

  void add_run(Sql sql, std::string_view name);
};

// The rows that a CommandComplete's tag ("INSERT 0 5", "SELECT 3") tells, added to the request's.
void add_command_tag(Request& request, std::string_view tag);
// The SQLSTATE in an ErrorResponse's body, of what was kept of it; empty: none.
std::string_view sql_state_of(std::string_view body);
// Whether the error ends the connection (FATAL, PANIC).
bool ends_connection(std::string_view body);

// `transaction`: the status byte of ReadyForQuery; 0: none came.
Exchange make_exchange(const Request& request, int64_t end_ns, char transaction, std::string_view database);

}  // namespace culprit::postgresql
