// The part of PostgresqlConversation that reads the server's answers and ends requests.
#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "protocol/postgresql/conversation.h"

namespace culprit::postgresql {

namespace {

constexpr size_t kMaxAnswers = 4096;  // the same limit as for open requests

}  // namespace

// Returns the request that a server message answers, or null.
Request* PostgresqlConversation::answered(const Message& message) {
  if (message.tag == 'A') return nullptr;  // a notification answers no request
  if (owed_ > 0) {
    owed_ -= message.tag == 'Z';
    return nullptr;
  }
  if (requests_.empty()) {
    bool missed = client_lost_ns_ != 0 || maybe_missed_ns_ != 0, before = !any_request_;
    bool tells_of_request = message.tag != 'Z' && message.tag != 'N' && message.tag != 'S' && message.tag != 'E';
    if ((!missed && !before) || !tells_of_request) return nullptr;
    Request& request = requests_.emplace_back();
    request.begin_ns = message.begin_ns;
    if (missed) request.begin_ns = client_lost_ns_ != 0 ? std::exchange(client_lost_ns_, 0) : maybe_missed_ns_;
    request.token = begin_request(request.begin_ns, message.begin_offset);
    request.flags = missed ? kHole : kBegunBefore;
    request.asked = true;
    add_step(request, Step::Kind::Execute);
    any_request_ = true;
  }
  Request& request = requests_.front();
  if (request.first_reply_ns == 0) request.first_reply_ns = message.begin_ns;
  request.reply_bytes += message.size_bytes;
  return &request;
}

void PostgresqlConversation::from_server(const Message& message, int64_t time_ns) {
  if (message.tag == kAnswer) {
    if (encryption_ != RequestToken::None) drop_request(std::exchange(encryption_, RequestToken::None));
    encrypted_ = message.body == "S" || message.body == "G";
    return;
  }
  if (message.tag == 'S') learn_setting(message.body);
  if (unsure_ && sure_left_ == 0 && message.tag != 'A') return gather_answer(message, time_ns);
  Request* request = answered(message);
  if (request == nullptr) return;
  switch (message.tag) {
    case '1':
    case '2':
    case '3': {
      if (!request->sql_state.empty()) return;
      const size_t first = request->next_step;
      using enum Step::Kind;
      const Step::Kind kind = message.tag == '1' ? Parse : message.tag == '2' ? Bind : CloseStatement;
      if (!request->answer_step(kind, kind == CloseStatement ? ClosePortal : kind)) return;
      for (size_t i = first; i < request->next_step; ++i) confirm(request->steps[i]);
      return;
    }
    case 'C':
    case 'I': return complete(*request, message.body.substr(0, message.body.find('\0')), time_ns);
    case 's': return suspend(*request, time_ns);
    case 'G': request->copies_in = true; return;
    case 'E': {
      std::string_view state = sql_state_of(message.body);
      fail(*request, state.empty() ? "XX000" : state, time_ns);
      if (ends_connection(message.body)) end_front(time_ns, 0);
      return;
    }
    case 'Z': return end_front(time_ns, message.body.empty() ? '\0' : message.body[0]);
    default: return;
  }
}

// Reads ParameterStatus: the value of a session setting, sent at the start and after each change ("Asynchronous Operations").
void PostgresqlConversation::learn_setting(std::string_view body) {
  Cursor cursor(body);
  const std::string_view name = cursor.c_string(), value = cursor.c_string();
  if (cursor.failed() || name != "standard_conforming_strings") return;
  settings_.backslash = value == "off" ? Backslash::Escapes : Backslash::Plain;
}

// Marks a step as done. The names that it defines or removes take effect now.
void PostgresqlConversation::confirm(Step& step) {
  if (step.outcome != Step::Outcome::Pending) return;
  step.outcome = Step::Outcome::Done;
  switch (step.kind) {
    case Step::Kind::Parse: statements_.set(step.statement, step.sql); return;
    case Step::Kind::Bind: {
      Sql confirmed = confirmed_text(step.statement);
      Sql sql = confirmed ? std::move(confirmed) : step.sql;
      std::string name = sql ? std::string() : step.statement;
      Portal portal{true, std::move(sql), std::move(name), false};
      if (step.portal.empty())
        unnamed_portal_ = std::move(portal);
      else
        portals_.set(step.portal, std::move(portal));
      return;
    }
    case Step::Kind::CloseStatement: statements_.erase(step.statement); return;
    case Step::Kind::ClosePortal: portals_.erase(step.portal); return;
    case Step::Kind::Execute: return resolve_text(step, true);
    case Step::Kind::Query:
      resolve_text(step, true);
      // Statements of the query whose answers were not seen count as run.
      if (step.sql)
        for (size_t i = step.completed; i < step.sql->statements.size(); ++i)
          track_prepared_statement(step.sql->statements[i]);
      return;
  }
}

PostgresqlConversation::Portal* PostgresqlConversation::find_portal(std::string_view name) {
  if (name.empty()) return unnamed_portal_.bound ? &unnamed_portal_ : nullptr;
  return portals_.find(name);
}

// Sets the text that a step runs from the names that the server has confirmed. A name may have another meaning than the
// client asked for, if the server refused a message.
void PostgresqlConversation::resolve_text(Step& step, bool completed) {
  if (step.kind == Step::Kind::Query) {
    if (step.portal.empty()) return;
    if (Sql sql = confirmed_text(step.portal)) {
      step.sql = std::move(sql);
      step.statement.clear();
    }
    return;
  }
  Portal* bound = find_portal(step.portal);
  if (!bound) return;
  step.continues = bound->suspended;
  if (completed) bound->suspended = false;
  if (!bound->sql) bound->sql = confirmed_text(bound->statement);
  if (bound->sql) {
    step.sql = bound->sql;
    step.statement.clear();
  }
}

void PostgresqlConversation::complete(Request& request, std::string_view tag, int64_t time_ns) {
  const RowCounts rows = rows_of_tag(tag, request.copies_in);
  if (!request.steps.empty() && request.steps.back().kind == Step::Kind::Query) {
    Step& query = request.steps.back();
    query.rows.add(rows);
    query.end_ns = time_ns;
    if (query.sql && query.completed < query.sql->statements.size())
      track_prepared_statement(query.sql->statements[query.completed]);
    ++query.completed;
    return;
  }
  const size_t first = request.next_step;
  Step* step = request.answer_step(Step::Kind::Execute, Step::Kind::Execute);
  if (!step) {  // belongs to an Execute that was not kept, or whose request was not seen
    if (!request.steps.empty()) request.steps.back().rows.add(rows);
    return;
  }
  for (size_t i = first; i < request.next_step; ++i) confirm(request.steps[i]);
  step->rows.add(rows);
  step->end_ns = time_ns;
  if (step->sql)
    for (const SqlStatement& statement : step->sql->statements) track_prepared_statement(statement);
}

// Handles PortalSuspended: the server sent exactly the number of rows that Execute asked for, and more may exist.
void PostgresqlConversation::suspend(Request& request, int64_t time_ns) {
  const size_t first = request.next_step;
  Step* step = request.answer_step(Step::Kind::Execute, Step::Kind::Execute);
  if (!step) return;
  for (size_t i = first; i < request.next_step; ++i) confirm(request.steps[i]);
  step->rows.add({static_cast<int64_t>(step->most_rows), -1});
  step->end_ns = time_ns;
  if (Portal* bound = find_portal(step->portal)) bound->suspended = true;
}

// Applies the effect of an SQL command on prepared statements after the server has completed the command.
void PostgresqlConversation::track_prepared_statement(const SqlStatement& statement) {
  if (statement.operation == "PREPARE") {
    size_t as = statement.text.find(" AS ");
    if (as == std::string::npos) as = statement.text.find(" as ");
    if (as != std::string::npos)
      statements_.set(without_case(statement.prepared_name).substr(0, kMaxNameShown),
                      sql_->normalise(std::string_view(statement.text).substr(as + 4)));
  } else if (statement.operation == "DEALLOCATE") {
    const std::string name = without_case(statement.prepared_name).substr(0, kMaxNameShown);
    if (name == "all") {
      statements_.clear();
    } else {
      statements_.erase(name);
    }
  } else if (statement.text == "DISCARD ALL" || statement.text == "discard all") {
    statements_.clear();
    portals_.clear();
  }
}

// The first step without an answer failed. The server skips all later steps up to Sync.
void PostgresqlConversation::fail(Request& request, std::string_view state, int64_t time_ns) {
  if (!request.sql_state.empty()) return;
  request.sql_state = state;
  bool failed_run = false;  // the failed statement has been found
  for (size_t i = request.next_step; i < request.steps.size(); ++i) {
    Step& step = request.steps[i];
    const bool first = i == request.next_step;
    const bool fails = first || (!failed_run && step.runs());
    step.outcome = fails ? Step::Outcome::Failed : Step::Outcome::NotRun;
    step.end_ns = time_ns;
    failed_run |= step.runs();
    if (step.kind == Step::Kind::Parse) {
      asked_statements_.erase(step.statement);
      // A Parse without a name removes the previous unnamed statement even if the Parse fails (exec_parse_message).
      if (first && step.statement.empty()) statements_.erase({});
    }
    if (step.kind == Step::Kind::CloseStatement) asked_statements_.erase(step.statement);
  }
  request.next_step = request.steps.size();
}

// --- a request ends ---

void PostgresqlConversation::emit(Request&& request, int64_t end_ns, char transaction, uint32_t flags) {
  request.flags |= flags;
  const bool unknown = std::any_of(request.steps.begin(), request.steps.end(), [](const Step& step) {
    return step.runs() && (!step.sql || !step.statement.empty());
  });
  counts_.text_unknown += unknown;
  counts_.gap_requests += (request.flags & kHole) != 0;
  Exchange exchange = make_exchange(request, end_ns, transaction, database_);
  end_request(request.token, std::move(exchange));
  constexpr size_t kMostSpare = 64;
  sql_->messages.held -= request.steps.size();
  request.steps.clear();
  if (request.steps.capacity() <= kMostSpare) spare_steps_ = std::move(request.steps);
  if (requests_.empty() && !asked_statements_.empty()) asked_statements_.clear();
}

void PostgresqlConversation::end_front(int64_t time_ns, char transaction) {
  Request request = std::move(requests_.front());
  requests_.pop_front();
  if (sure_left_ > 0) --sure_left_;
  for (size_t i = request.next_step; i < request.steps.size(); ++i) confirm(request.steps[i]);
  if (transaction == 'I') {  // "Extended Query": a portal ends with its transaction
    if (!portals_.empty()) portals_.clear();
    unnamed_portal_.bound = false;
  }
  emit(std::move(request), time_ns, transaction, 0);
}

void PostgresqlConversation::end_all_asked(int64_t time_ns, char transaction) {
  if (!requests_.empty()) end_front(time_ns, transaction);
  while (!requests_.empty() && requests_.front().asked) end_front(time_ns, transaction);
}

// Ends the oldest request without waiting for its answer. The answer belongs to no request when it arrives.
void PostgresqlConversation::give_up_front(int64_t time_ns, uint32_t flags) {
  Request request = std::move(requests_.front());
  requests_.pop_front();
  if (sure_left_ > 0) --sure_left_;
  if (request.asked)
    owed_ += !unsure_;  // else the order counts from the other end
  else if (client_lost_ns_ == 0)
    client_lost_ns_ = time_ns;  // the rest of this request looks like a new one
  emit(std::move(request), time_ns, 0, flags);
}

// Collects answers while it is unknown which request they belong to.
void PostgresqlConversation::gather_answer(const Message& message, int64_t time_ns) {
  if (owed_ > 0) {
    owed_ -= message.tag == 'Z';
    return;
  }
  if (answer_.first_reply_ns == 0) answer_.first_reply_ns = message.begin_ns;
  answer_.reply_bytes += message.size_bytes;
  if (message.tag == 'C') answer_.rows.add(rows_of_tag(message.body.substr(0, message.body.find('\0')), false));
  if (message.tag == 'E' && answer_.sql_state.empty()) answer_.sql_state = sql_state_of(message.body);
  if (message.tag != 'Z') return;
  answer_.end_ns = time_ns;
  answer_.transaction = message.body.empty() ? '\0' : message.body[0];
  if (answers_.size() >= kMaxAnswers) answers_.erase(answers_.begin());
  answers_.push_back(std::exchange(answer_, {}));
  for (const Request& request : requests_)
    if (request.asked) answered_request(request.token);
}

// Returns true if the server has answered every request: its last answer came after the last request, and no byte
// followed.
bool PostgresqlConversation::answered_all() const {
  if (!unsure_ || sure_left_ > 0 || answers_.empty() || !server_.between_messages()) return false;
  const int64_t end_ns = answers_.back().end_ns;
  return answer_.first_reply_ns == 0 && end_ns >= server_last_ns_ &&
         (requests_.empty() || end_ns >= requests_.back().begin_ns);
}

// Matches backwards after the server has answered everything: the last answer belongs to the last request, and so on.
// Remaining requests were answered within the gap. Remaining answers belong to requests that were not seen.
void PostgresqlConversation::match_answers() {
  unsure_ = false;
  client_lost_ns_ = 0;
  std::vector<Answer> answers = std::exchange(answers_, {});
  answer_ = {};
  size_t n = requests_.size();
  if (n > 0 && !requests_.back().asked) --n;
  size_t next = answers.size() > n ? answers.size() - n : 0;
  for (size_t i = 0; i < next; ++i) {
    Request unseen;
    unseen.begin_ns = unsure_since_ns_;
    unseen.token = begin_request(unsure_since_ns_, 0);
    unseen.first_reply_ns = answers[i].first_reply_ns;
    unseen.reply_bytes = answers[i].reply_bytes;
    unseen.sql_state = answers[i].sql_state;
    Step* step = add_step(unseen, Step::Kind::Execute);
    if (step) step->rows = answers[i].rows;
    emit(std::move(unseen), answers[i].end_ns, answers[i].transaction, kHole);
  }
  for (size_t in_gap = n - (answers.size() - next); in_gap > 0; --in_gap) end_front(unsure_since_ns_, 0);
  for (; next < answers.size(); ++next) {
    Request& request = requests_.front();
    const Answer& answer = answers[next];
    request.first_reply_ns = answer.first_reply_ns;
    request.reply_bytes += answer.reply_bytes;
    if (!answer.sql_state.empty()) fail(request, answer.sql_state, answer.end_ns);
    auto last =
        std::find_if(request.steps.rbegin(), request.steps.rend(), [](const Step& step) { return step.runs(); });
    if (last != request.steps.rend()) last->rows.add(answer.rows);
    end_front(answer.end_ns, answer.transaction);
  }
}

void PostgresqlConversation::close(int64_t time_ns, Closing why) {
  if (encryption_ != RequestToken::None) drop_request(std::exchange(encryption_, RequestToken::None));
  const bool was_unsure = unsure_;
  if (unsure_ && !answers_.empty()) match_answers();
  unsure_ = was_unsure && why == Closing::GivenUp;
  // An incomplete request ends here too, because the recording or the connection has ended.
  const bool closed = why == Closing::ConnectionClosed;
  while (!requests_.empty()) {
    Request& request = requests_.front();
    if (closed && request.sql_state.empty()) request.flags |= kUnanswered;
    give_up_front(time_ns, closed ? 0u : uint32_t{kUnfinished});
  }
}

// --- what the server reports of itself ---

// Uses a text that the server reported. The server reports a text at each message: Parse, Bind and Execute report the
// same text.
void PostgresqlConversation::set_statement_text(int64_t time_ns, std::string_view text, bool cut) {
  if (requests_.empty() || text.empty()) return;
  Request& request = requests_.front();
  const bool several = request.pending_runs() > 1;
  auto unknown = std::find_if(request.steps.begin(), request.steps.end(),
                              [](const Step& step) { return step.runs() && !step.sql; });
  if (unknown == request.steps.end() && !several) return;
  Sql sql = normalise(text, cut);
  if (sql->statements.empty()) return;
  const uint64_t id = sql->statements[0].id;
  const bool repeated = std::exchange(request.reported_id, id) == id;
  for (size_t i = request.next_step; i < request.steps.size(); ++i) {
    Step& step = request.steps[i];
    if (!step.runs() || !step.sql || step.sql->statements.empty() || step.sql->statements[0].id != id) continue;
    if (!repeated && step.begin_ns == 0) step.begin_ns = time_ns;
    return;
  }
  if (repeated || unknown == request.steps.end()) return;
  unknown->begin_ns = time_ns;
  const std::string name = std::exchange(unknown->statement, {});
  unknown->sql = sql;
  if (name.empty()) return;
  statements_.set(name, sql);
  for (Step& step : request.steps)
    if (step.runs() && !step.sql && step.statement == name) step.sql = sql, step.statement.clear();
}

std::optional<CurrentRequest> PostgresqlConversation::current() const {
  if (requests_.empty()) return std::nullopt;
  const Request& request = requests_.front();
  CurrentRequest current{request.begin_ns, {}};
  for (size_t i = 0; i < request.steps.size(); ++i) {
    const Step& step = request.steps[i];
    if (!step.runs() || !step.sql) continue;
    current.statement = step.sql->text();
    if (i >= request.next_step) break;
  }
  return current;
}

}  // namespace culprit::postgresql
