#include "protocol/postgresql/request.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace culprit::postgresql {

namespace {

constexpr size_t kMaxRuns = 16;     // distinct texts that are listed; all are counted
constexpr size_t kMaxSteps = 4096;  // steps of one request; drivers split batches at about a thousand rows
// The parts of a pipeline that get their own row. The last row holds all further parts.
constexpr size_t kMaxParts = 256;

struct StateClass {
  std::string_view code, name;
};
// PostgreSQL documentation, Appendix A: the classes that are common in practice.
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

// Codes whose class alone says too little about a slow system.
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

// Returns one field of an ErrorResponse; empty: the field is absent or was not kept.
std::string_view error_field(std::string_view body, char wanted) {
  while (!body.empty() && body[0] != '\0') {
    size_t end = body.find('\0', 1);
    if (end == std::string_view::npos) return {};
    if (body[0] == wanted) return body.substr(1, end - 1);
    body.remove_prefix(end + 1);
  }
  return {};
}

std::string_view purpose_name(RequestPurpose purpose) {
  switch (purpose) {
    case RequestPurpose::None: return "statement";
    case RequestPurpose::Sync: return "SYNC";
    case RequestPurpose::Close: return "CLOSE";
    case RequestPurpose::Describe: return "DESCRIBE";
    case RequestPurpose::Bind: return "BIND";
    case RequestPurpose::Parse: return "PREPARE";
    case RequestPurpose::FunctionCall: return "function call";
    case RequestPurpose::Cancel: return "CANCEL";
    case RequestPurpose::Connect: return "CONNECT";
  }
  return {};
}

std::string_view transaction_status(char status) {
  return status == 'I' ? "idle" : status == 'T' ? "in_transaction" : status == 'E' ? "failed" : "";
}

// Consecutive executions of the same text.
struct Group {
  std::vector<SqlRun> runs;
  uint64_t executed = 0;
  int64_t begin_ns = 0, end_ns = 0;  // known from reports and answers; 0: unknown
  RowCounts rows;
  Step::Outcome outcome = Step::Outcome::Done;
};

bool same_text(const SqlRun& run, const Step& step) {
  if (run.sql == step.sql) return run.name == step.statement;
  if (!run.sql || !step.sql || run.sql->statements.size() != 1 || step.sql->statements.size() != 1) return false;
  return run.sql->statements[0].id == step.sql->statements[0].id;
}

bool same_outcome(Step::Outcome a, Step::Outcome b) {
  const bool none_ran = a == Step::Outcome::NotRun || b == Step::Outcome::NotRun;
  return a == b || (!none_ran && a != Step::Outcome::Failed && b != Step::Outcome::Failed);
}

uint64_t executions(const Step& step) {
  if (step.continues) return 0;
  return step.sql ? std::max(1u, step.sql->count) : 1;
}

void add_to(Group& group, const Step& step) {
  group.executed += executions(step);
  group.end_ns = std::max(group.end_ns, step.end_ns);
  group.rows.add(step.rows);
  const bool known =
      std::any_of(group.runs.begin(), group.runs.end(), [&](const SqlRun& run) { return same_text(run, step); });
  if (!known && group.runs.size() < kMaxRuns) group.runs.push_back({step.sql, step.statement});
}

// Collects all executions into one group. The group has several runs if the texts differ.
Group gather(const Request& request) {
  Group all;
  all.executed = request.unlisted_runs;
  for (const Step& step : request.steps)
    if (step.runs()) add_to(all, step);
  return all;
}

std::vector<Group> gather_parts(const Request& request) {
  std::vector<Group> groups;
  for (const Step& step : request.steps) {
    if (!step.runs()) continue;
    const bool goes_on = !groups.empty() && same_text(groups.back().runs.front(), step) &&
                         same_outcome(groups.back().outcome, step.outcome);
    if (!goes_on && groups.size() < kMaxParts) {
      groups.emplace_back();
      groups.back().outcome = step.outcome;
      groups.back().begin_ns = step.begin_ns;
    }
    add_to(groups.back(), step);
  }
  return groups;
}

class Builder {
 public:
  Builder(const Request& request, std::string_view database) : request_(request), database_(database) {}

  Exchange build(int64_t end_ns, char transaction) {
    Exchange out = begin(request_.begin_ns, end_ns);
    out.first_reply_ns = request_.first_reply_ns;
    out.flags = request_.flags;
    out.request_bytes = request_.request_bytes;
    out.reply_bytes = request_.reply_bytes;
    const Group all = gather(request_);
    const bool different = all.runs.size() > 1;
    if (all.runs.empty()) {
      name_purpose(out);
    } else if (different) {
      name_pipeline(out, all);
    } else {
      describe_sql(out, all.runs, all.executed);
    }
    add_place(out, transaction);
    if (!different) add_rows(out, all.rows);
    if (!request_.sql_state.empty()) add_error(out);
    return out;
  }

 private:
  static Exchange begin(int64_t begin_ns, int64_t end_ns) {
    Exchange out;
    out.protocol = "postgresql";
    out.begin_ns = begin_ns;
    out.end_ns = std::max(begin_ns, end_ns);
    out.attributes.reserve(16);
    add_attribute(out, "db.system.name", std::string("postgresql"));
    return out;
  }

  void add_place(Exchange& out, char transaction) const {
    if (!database_.empty()) add_attribute(out, "db.namespace", std::string(database_));
    if (std::string_view status = transaction_status(transaction); !status.empty())
      add_attribute(out, "db.transaction.status", std::string(status));
  }

  static void add_rows(Exchange& out, const RowCounts& rows) {
    if (rows.returned >= 0) add_attribute(out, "db.response.returned_rows", rows.returned);
    if (rows.affected >= 0) add_attribute(out, "culprit.rows_affected", rows.affected);
  }

  void add_error(Exchange& out) const {
    out.status = SpanStatus::Error;
    out.status_message = state_message(request_.sql_state);
    add_attribute(out, "db.response.status_code", request_.sql_state);
    add_attribute(out, "error.type", request_.sql_state);
  }

  // Names a pipeline of different statements with one Sync. Each statement becomes a part, and the pipeline itself has
  // no text (OpenTelemetry's database conventions: the operation of a batch is BATCH).
  void name_pipeline(Exchange& out, const Group& all) {
    const int64_t end_ns = out.end_ns;
    out.name = "BATCH";
    out.flags |= kBatch;
    add_attribute(out, "db.operation.name", out.name);
    add_attribute(out, "db.query.summary", out.name);
    add_attribute(out, "db.operation.batch.size", static_cast<int64_t>(all.executed));
    const std::vector<Group> groups = gather_parts(request_);
    int64_t begin_ns = request_.begin_ns;
    for (size_t i = 0; i < groups.size(); ++i) {
      const Group& group = groups[i];
      const int64_t next_begin_ns = i + 1 < groups.size() ? groups[i + 1].begin_ns : 0;
      if (group.begin_ns > begin_ns) begin_ns = std::min(group.begin_ns, end_ns);
      int64_t group_end_ns = group.end_ns != 0 ? std::clamp(group.end_ns, begin_ns, end_ns) : end_ns;
      // The server began the next statement, so this one had ended, even if its answer was sent later.
      if (next_begin_ns > begin_ns && next_begin_ns < group_end_ns) group_end_ns = next_begin_ns;
      if (group.outcome == Step::Outcome::NotRun) begin_ns = group_end_ns;
      out.parts.push_back(part(group, begin_ns, group_end_ns));
      if (!out.context) out.context = out.parts.back().context;
      // Two statements were answered in one segment. Unless the server reported its progress, it is unknown which one
      // took the time.
      const bool together = next_begin_ns == 0 && i + 1 < groups.size() && groups[i + 1].end_ns == group.end_ns;
      if (together || (i > 0 && group.begin_ns == 0 && groups[i - 1].end_ns == group.end_ns))
        out.parts.back().flags |= kBatch;
      if (!together) begin_ns = std::max(begin_ns, group_end_ns);
    }
  }

  Exchange part(const Group& group, int64_t begin_ns, int64_t end_ns) {
    Exchange out = begin(begin_ns, end_ns);
    out.first_reply_ns = out.end_ns;
    out.flags = request_.flags & (kHole | kBegunBefore);
    describe_sql(out, group.runs, group.executed);
    add_place(out, 0);
    add_rows(out, group.rows);
    if (group.outcome == Step::Outcome::Failed) add_error(out);
    if (group.outcome == Step::Outcome::NotRun) {
      out.flags |= kUnanswered;
      out.status = SpanStatus::Error;
      out.status_message = "not run: a statement before it in the pipeline failed";
    }
    return out;
  }

  void name_purpose(Exchange& out) const {
    out.name = purpose_name(request_.purpose);
    add_attribute(out, "db.operation.name", out.name);
    const Step* parsed = nullptr;
    for (const Step& step : request_.steps)
      if (step.kind == Step::Kind::Parse) parsed = &step;
    if (request_.purpose != RequestPurpose::Parse || !parsed || !parsed->sql) return;
    if (std::string summary = parsed->sql->summary(); !summary.empty()) out.name.append(" ").append(summary);
    if (parsed->sql->cut) out.flags |= kTextCut;
    out.context = parsed->sql->context;
    // A prepared text did not run, so the statement here is the PREPARE itself.
    add_attribute(out, "db.query.text", "PREPARE " + parsed->sql->text());
    add_attribute(out, "db.query.summary", out.name);
  }

  const Request& request_;
  std::string_view database_;
};

void add_count(int64_t& sum, int64_t rows) {
  if (rows < 0) return;
  sum = sum < 0 ? rows : sum > INT64_MAX - rows ? INT64_MAX : sum + rows;
}

}  // namespace

std::string without_case(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

void RowCounts::add(const RowCounts& other) {
  add_count(returned, other.returned);
  add_count(affected, other.affected);
}

Step* Request::add_step(Step::Kind kind) {
  if (steps.empty()) steps.reserve(3);
  if (steps.size() >= kMaxSteps) {
    unlisted_runs += kind == Step::Kind::Execute;
    return nullptr;
  }
  steps.emplace_back();
  steps.back().kind = kind;
  return &steps.back();
}

Step* Request::answer_step(Step::Kind kind, Step::Kind or_kind) {
  for (size_t i = next_step; i < steps.size(); ++i) {
    if (steps[i].kind != kind && steps[i].kind != or_kind) continue;
    next_step = i + 1;
    return &steps[i];
  }
  return nullptr;
}

size_t Request::pending_runs() const {
  size_t n = 0;
  for (size_t i = next_step; i < steps.size(); ++i) n += steps[i].runs();
  return n;
}

RowCounts rows_of_tag(std::string_view tag, bool copies_in) {
  RowCounts counts;
  std::string_view verb = tag.substr(0, tag.find(' '));
  size_t last = tag.rfind(' ');
  if (last == std::string_view::npos) return counts;
  int64_t rows = 0;
  const char* end = tag.data() + tag.size();
  auto [stop, error] = std::from_chars(tag.data() + last + 1, end, rows);
  if (error != std::errc() || stop != end || rows < 0) return counts;
  bool reads = verb == "SELECT" || verb == "FETCH" || verb == "MOVE" || (verb == "COPY" && !copies_in);
  (reads ? counts.returned : counts.affected) = rows;
  return counts;
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
