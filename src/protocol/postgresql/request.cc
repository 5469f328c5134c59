#include "protocol/postgresql/request.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace culprit::postgresql {

namespace {

constexpr size_t kMaxRuns = 16;  // distinct texts that are listed; more are counted

struct StateClass {
  std::string_view code, name;
};
// PostgreSQL documentation, Appendix A: the classes that people meet.
constexpr std::array<StateClass, 26> kClasses = {{
    {"08", "connection exception"},
    {"0A", "feature not supported"},
    {"21", "cardinality violation"},
    {"22", "data exception"},
    {"23", "integrity constraint violation"},
    {"24", "invalid cursor state"},
    {"25", "invalid transaction state"},
    {"26", "invalid SQL statement name"},
    {"28", "invalid authorization"},
    {"2B", "dependent objects still exist"},
    {"2D", "invalid transaction termination"},
    {"34", "invalid cursor name"},
    {"3B", "savepoint exception"},
    {"3D", "invalid catalog name"},
    {"3F", "invalid schema name"},
    {"40", "transaction rollback"},
    {"42", "syntax error or access rule violation"},
    {"44", "check option violation"},
    {"53", "insufficient resources"},
    {"54", "program limit exceeded"},
    {"55", "object not in prerequisite state"},
    {"57", "operator intervention"},
    {"58", "system error"},
    {"F0", "configuration file error"},
    {"P0", "PL/pgSQL error"},
    {"XX", "internal error"},
}};

// Those whose class says too little about a slow system.
constexpr std::array<StateClass, 6> kStates = {{
    {"40001", "serialization failure"},
    {"40P01", "deadlock detected"},
    {"55P03", "lock not available"},
    {"57014", "query canceled"},
    {"53300", "too many connections"},
    {"23505", "unique violation"},
}};

std::string state_message(std::string_view state) {
  std::string message(state);
  for (const StateClass& known : kStates)
    if (known.code == state) return message.append(" ").append(known.name);
  for (const StateClass& known : kClasses)
    if (known.code == state.substr(0, 2)) return message.append(" ").append(known.name);
  return message;
}

// One field of an ErrorResponse; empty: not there, or not kept.
std::string_view error_field(std::string_view body, char wanted) {
  while (!body.empty() && body[0] != '\0') {
    size_t end = body.find('\0', 1);
    if (end == std::string_view::npos) return {};
    if (body[0] == wanted) return body.substr(1, end - 1);
    body.remove_prefix(end + 1);
  }
  return {};
}

std::string_view errand_name(Errand errand) {
  switch (errand) {
    case Errand::None: return "statement";
    case Errand::Sync: return "SYNC";
    case Errand::Close: return "CLOSE";
    case Errand::Describe: return "DESCRIBE";
    case Errand::Bind: return "BIND";
    case Errand::Parse: return "PREPARE";
    case Errand::FunctionCall: return "function call";
    case Errand::Cancel: return "CANCEL";
    case Errand::Connect: return "CONNECT";
  }
  return {};
}

std::string_view transaction_status(char status) {
  return status == 'I' ? "idle" : status == 'T' ? "in_transaction" : status == 'E' ? "failed" : "";
}

class Builder {
 public:
  Builder(const Request& request, std::string_view database) : request_(request), database_(database) {}

  Exchange build(int64_t end_ns, char transaction) {
    out_.protocol = "postgresql";
    out_.begin_ns = request_.begin_ns;
    out_.first_reply_ns = request_.first_reply_ns;
    out_.end_ns = end_ns;
    out_.flags = request_.flags | (end_ns == 0 ? uint32_t{kUnfinished} : 0u);
    out_.request_bytes = request_.request_bytes;
    out_.reply_bytes = request_.reply_bytes;
    out_.attributes.reserve(12);
    add("db.system.name", std::string("postgresql"));
    name();
    if (!database_.empty()) add("db.namespace", std::string(database_));
    if (request_.returned_rows >= 0) add("db.response.returned_rows", request_.returned_rows);
    if (request_.affected_rows >= 0) add("culprit.rows_affected", request_.affected_rows);
    if (std::string_view status = transaction_status(transaction); !status.empty())
      add("db.transaction.status", std::string(status));
    if (!request_.sql_state.empty()) error();
    return std::move(out_);
  }

 private:
  void add(std::string_view key, Value value) { add_attribute(out_, key, std::move(value)); }

  void error() {
    out_.status = SpanStatus::Error;
    out_.status_message = state_message(request_.sql_state);
    add("db.response.status_code", request_.sql_state);
    add("error.type", request_.sql_state);
  }

  void name() {
    if (request_.runs.empty()) return name_errand();
    describe_sql(out_, request_.runs, request_.executed);
  }

  void name_errand() {
    out_.name = errand_name(request_.errand);
    add("db.operation.name", out_.name);
    if (request_.errand != Errand::Parse || !request_.parsed) return;
    if (std::string summary = request_.parsed->summary(); !summary.empty()) out_.name.append(" ").append(summary);
    if (request_.parsed->cut) out_.flags |= kTextCut;
    out_.context = request_.parsed->context;
    // Its own statement: a text that was prepared did not run.
    add("db.query.text", "PREPARE " + request_.parsed->text());
    add("db.query.summary", out_.name);
  }

  const Request& request_;
  std::string_view database_;
  Exchange out_;
};

}  // namespace

void Request::add_run(Sql sql, std::string_view name) {
  executed += sql ? std::max(1u, sql->count) : 1;
  for (const SqlRun& run : runs)
    if (run.sql == sql && run.name == name) return;
  if (runs.size() < kMaxRuns) runs.push_back({std::move(sql), std::string(name)});
}

void add_command_tag(Request& request, std::string_view tag) {
  std::string_view verb = tag.substr(0, tag.find(' '));
  size_t last = tag.rfind(' ');
  if (last == std::string_view::npos) return;
  int64_t rows = 0;
  const char* end = tag.data() + tag.size();
  auto [stop, error] = std::from_chars(tag.data() + last + 1, end, rows);
  if (error != std::errc() || stop != end || rows < 0) return;
  bool reads = verb == "SELECT" || verb == "FETCH" || verb == "MOVE" || (verb == "COPY" && !request.copies_in);
  int64_t& sum = reads ? request.returned_rows : request.affected_rows;
  sum = sum < 0 ? rows : sum > INT64_MAX - rows ? INT64_MAX : sum + rows;
}

std::string_view sql_state_of(std::string_view body) {
  std::string_view state = error_field(body, 'C');
  bool valid = state.size() == 5 && std::all_of(state.begin(), state.end(), [](char c) {
                 return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
               });
  return valid ? state : std::string_view();
}

bool ends_connection(std::string_view body) {
  std::string_view severity = error_field(body, 'V');
  return severity == "FATAL" || severity == "PANIC";
}

Exchange make_exchange(const Request& request, int64_t end_ns, char transaction, std::string_view database) {
  return Builder(request, database).build(end_ns, transaction);
}

}  // namespace culprit::postgresql
