#include "protocol/postgresql/conversation.h"

#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"

namespace culprit::postgresql {

namespace {

// Bounds of what one connection may make us remember. Pools prepare hundreds of statements, not thousands; libpq's
// pipelines are flushed long before a thousand answers are due.
constexpr size_t kMaxPrepared = 2048;
constexpr size_t kMaxPortals = 64;
constexpr size_t kMaxRequests = 4096;
constexpr size_t kMaxNameShown = 64;

std::string without_case(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace

void PostgresqlConversation::feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                                  uint64_t length_bytes) {
  if (tunnel_) return tunnel_->feed(from, time_ns, head, tail, length_bytes);
  uint64_t captured = head.size() + tail.size();
  Reader& reader = from == From::Client ? client_ : server_;
  reader.begin_segment(time_ns, head, length_bytes > captured ? length_bytes - captured : 0, tail);
  drain(from, time_ns);
}

void PostgresqlConversation::hole(From from, int64_t time_ns, uint64_t length_bytes) {
  if (tunnel_) return tunnel_->hole(from, time_ns, length_bytes);
  (from == From::Client ? client_ : server_).hole(time_ns, length_bytes);
  drain(from, time_ns);
}

void PostgresqlConversation::drain(From from, int64_t time_ns) {
  Reader& reader = from == From::Client ? client_ : server_;
  if (from == From::Server) server_last_ns_ = time_ns;
  while (!tunnel_) {
    bool was_lost = reader.lost();
    std::optional<Message> message = reader.next();
    if (reader.take_accident()) note_accident(from, time_ns);
    if (!message) break;
    uint64_t skipped = reader.take_skipped();
    if (from == From::Client) {
      from_client(*message, time_ns);
      continue;
    }
    if (skipped > 0 && !requests_.empty()) requests_.front().reply_bytes += skipped;
    // Behind a gap in the answers nobody knows how many ended in it: the end of a segment ends them all.
    if ((was_lost || skipped > 0) && requests_.size() > 1) unsure_ = true;
    from_server(*message, time_ns);
  }
  if (reader.lost() && from == From::Client && client_lost_ns_ == 0) client_lost_ns_ = time_ns;
  counts_.resyncs += reader.take_resyncs();
}

// The requests under way lost bytes, so that what is said of them may be incomplete.
void PostgresqlConversation::note_accident(From from, int64_t time_ns) {
  for (Request& request : requests_) request.flags |= kHole;
  if (from == From::Client && client_lost_ns_ == 0) client_lost_ns_ = time_ns;
}

// --- from the client ---

// The request that a client's message belongs to.
Request& PostgresqlConversation::asking(const Message& message) {
  any_request_ = true;
  if (requests_.empty() || requests_.back().asked) {
    // The answer's end was lost, and who never asked before it was answered does not do so now.
    // Where nothing of the answer was seen, it has come by now.
    if (!requests_.empty() && server_.lost() && !pipelines_)
      finish_all(server_last_ns_ >= requests_.back().begin_ns ? server_last_ns_ : message.begin_ns, 0);
    pipelines_ |= !requests_.empty();
    if (requests_.size() >= kMaxRequests) finish(0, 0);
    requests_.emplace_back();
    requests_.back().begin_ns = message.begin_ns;
    if (std::exchange(client_lost_ns_, 0) != 0) requests_.back().flags |= kHole;
  }
  requests_.back().request_bytes += message.size_bytes;
  return requests_.back();
}

void PostgresqlConversation::from_client(const Message& message, int64_t time_ns) {
  switch (message.tag) {
    case kStartup: return startup(message, time_ns);
    case 'Q': return simple_query(message);
    case 'P': return parse(message);
    case 'B': return bind(message);
    case 'E': return execute(message);
    case 'C': return close(message);
    case 'D': {
      Request& request = asking(message);
      request.errand = std::max(request.errand, Errand::Describe);
      return;
    }
    case 'H': asking(message); return;
    case 'S': {
      Request& request = asking(message);
      request.errand = std::max(request.errand, Errand::Sync);
      request.asked = true;
      return;
    }
    case 'F': {
      Request& request = asking(message);
      request.errand = Errand::FunctionCall;
      request.asked = true;
      return;
    }
    case 'd':
    case 'c':
    case 'f':
    case 'p':  // belong to what is under way
      if (!requests_.empty()) requests_.back().request_bytes += message.size_bytes;
      return;
    default: return;  // 'X' asks for nothing
  }
}

void PostgresqlConversation::startup(const Message& message, int64_t time_ns) {
  Cursor cursor(message.body);
  uint32_t code = cursor.u32_be();
  if (code == kSslRequest || code == kGssRequest) return server_.expect_answer();
  Request& request = asking(message);
  request.asked = true;
  if (code == kCancelRequest) {  // never answered
    request.errand = Errand::Cancel;
    requests_.erase(requests_.begin(), requests_.end() - 1);
    return finish(time_ns, 0);
  }
  request.errand = Errand::Connect;
  std::string user;
  while (!cursor.failed()) {
    std::string_view key = cursor.c_string();
    if (key.empty()) break;
    std::string_view value = cursor.c_string();
    if (cursor.failed()) break;
    if (key == "database") database_ = repaired_utf8(value.substr(0, kMaxNameShown));
    if (key == "user") user = repaired_utf8(value.substr(0, kMaxNameShown));
  }
  if (database_.empty()) database_ = user;  // "StartupMessage": defaults to the user name
}

Sql PostgresqlConversation::normalise(std::string_view text, bool cut) {
  Sql sql = sql_->normalise(text, cut ? SqlText::Cut : SqlText::Whole);
  counts_.redacted += sql->literals;
  counts_.truncated += sql->cut;
  counts_.bad_utf8 += sql->bad_utf8;
  return sql;
}

Sql PostgresqlConversation::prepared(std::string_view name) const {
  auto found = statements_.find(name);
  return found == statements_.end() ? nullptr : found->second;
}

void PostgresqlConversation::remember(std::string_view name, Sql sql) {
  auto found = statements_.find(name);
  if (found != statements_.end()) {
    found->second = std::move(sql);
    return;
  }
  if (statements_.size() >= kMaxPrepared) statements_.erase(statements_.begin());
  statements_.emplace(name, std::move(sql));
}

void PostgresqlConversation::simple_query(const Message& message) {
  Request& request = asking(message);
  request.asked = true;
  bool cut = message.body.size() < message.body_size;
  Sql sql = normalise(message.body.substr(0, message.body.find('\0')), cut);
  if (sql->statements.size() == 1 && sql->statements[0].operation == "EXECUTE") {
    std::string name = without_case(sql->statements[0].target);
    Sql inner = prepared(name);
    return request.add_run(inner ? inner : sql, inner ? std::string_view() : std::string_view(name));
  }
  for (const SqlStatement& statement : sql->statements) heed_statement(statement);
  request.add_run(std::move(sql), {});
}

// What SQL itself does to prepared statements.
void PostgresqlConversation::heed_statement(const SqlStatement& statement) {
  if (statement.operation == "PREPARE") {
    size_t as = statement.text.find(" AS ");
    if (as == std::string::npos) as = statement.text.find(" as ");
    if (as != std::string::npos)
      remember(without_case(statement.target), sql_->normalise(std::string_view(statement.text).substr(as + 4)));
  } else if (statement.operation == "DEALLOCATE") {
    std::string name = without_case(statement.target);
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

void PostgresqlConversation::parse(const Message& message) {
  Request& request = asking(message);
  request.errand = std::max(request.errand, Errand::Parse);
  Cursor cursor(message.body);
  std::string_view name = cursor.c_string();
  if (cursor.failed()) return void(++counts_.malformed);
  std::string_view rest = cursor.rest();
  bool cut = rest.find('\0') == std::string_view::npos;
  request.parsed = normalise(rest.substr(0, rest.find('\0')), cut);
  remember(name, request.parsed);
  for (const SqlStatement& statement : request.parsed->statements)
    if (statement.operation == "DEALLOCATE" || statement.operation == "DISCARD") heed_statement(statement);
}

void PostgresqlConversation::bind(const Message& message) {
  Request& request = asking(message);
  request.errand = std::max(request.errand, Errand::Bind);
  Cursor cursor(message.body);
  std::string_view portal = cursor.c_string(), name = cursor.c_string();
  if (cursor.failed()) return void(++counts_.malformed);
  if (portals_.size() >= kMaxPortals && portals_.find(portal) == portals_.end()) portals_.erase(portals_.begin());
  auto [entry, fresh] = portals_.try_emplace(std::string(portal));
  entry->second.sql = prepared(name);
  entry->second.name = entry->second.sql ? std::string_view() : name.substr(0, kMaxNameShown);
}

void PostgresqlConversation::execute(const Message& message) {
  Request& request = asking(message);
  Cursor cursor(message.body);
  std::string_view portal = cursor.c_string();
  if (cursor.failed()) return void(++counts_.malformed);
  auto found = portals_.find(portal);
  if (found == portals_.end()) return request.add_run(nullptr, {});
  const Portal& bound = found->second;
  Sql sql = bound.sql ? bound.sql : prepared(bound.name);  // told since
  request.add_run(sql, sql ? std::string_view() : std::string_view(bound.name));
}

void PostgresqlConversation::close(const Message& message) {
  Request& request = asking(message);
  request.errand = std::max(request.errand, Errand::Close);
  Cursor cursor(message.body);
  char kind = static_cast<char>(cursor.u8());
  std::string_view name = cursor.c_string();
  if (cursor.failed()) return void(++counts_.malformed);
  if (kind == 'S') {
    if (auto found = statements_.find(name); found != statements_.end()) statements_.erase(found);
  } else if (auto found = portals_.find(name); found != portals_.end()) {
    portals_.erase(found);
  }
}

// --- from the server ---

// The request that a server's message answers, or null.
Request* PostgresqlConversation::answered(const Message& message) {
  if (message.tag == 'A') return nullptr;  // of its own accord
  if (requests_.empty()) {
    bool missed = client_lost_ns_ != 0, before = !any_request_;
    bool tells_of_request = message.tag != 'Z' && message.tag != 'N' && message.tag != 'S' && message.tag != 'E';
    if ((!missed && !before) || !tells_of_request) return nullptr;
    Request& request = requests_.emplace_back();
    request.begin_ns = missed ? std::exchange(client_lost_ns_, 0) : message.begin_ns;
    request.flags = missed ? kHole : kBegunBefore;
    request.asked = true;
    request.add_run(nullptr, {});
    any_request_ = true;
  }
  Request& request = requests_.front();
  if (request.first_reply_ns == 0) request.first_reply_ns = message.begin_ns;
  request.reply_bytes += message.size_bytes;
  return &request;
}

void PostgresqlConversation::from_server(const Message& message, int64_t time_ns) {
  if (message.tag == kAnswer) return answer_to_encryption(message);
  Request* request = answered(message);
  if (request == nullptr) return;
  switch (message.tag) {
    case 'C': add_command_tag(*request, message.body.substr(0, message.body.find('\0'))); return;
    case 'G': request->copies_in = true; return;
    case 'E': {
      std::string_view state = sql_state_of(message.body);
      if (request->sql_state.empty()) request->sql_state = state.empty() ? "XX000" : state;
      if (ends_connection(message.body)) finish(time_ns, 0);
      return;
    }
    case 'Z': {
      char transaction = message.body.empty() ? '\0' : message.body[0];
      if (std::exchange(unsure_, false)) {
        for (Request& one : requests_) one.flags |= kHole;
        return finish_all(time_ns, transaction);
      }
      return finish(time_ns, transaction);
    }
    default: return;
  }
}

void PostgresqlConversation::answer_to_encryption(const Message& message) {
  bool agreed = message.body == "S" || message.body == "G";
  if (agreed) tunnel_ = make_("tls", sql_);
}

// --- requests end ---

void PostgresqlConversation::finish(int64_t time_ns, char transaction) {
  Request request = std::move(requests_.front());
  requests_.pop_front();
  counts_.text_unknown += !request.runs.empty() && unknown_text(request.runs);
  finished_.push_back(make_exchange(request, time_ns, transaction, database_));
}

void PostgresqlConversation::finish_all(int64_t time_ns, char transaction) {
  if (!requests_.empty()) finish(time_ns, transaction);
  while (!requests_.empty() && requests_.front().asked) finish(time_ns, transaction);
}

// The server reports a text each time that it begins a message of it: Parse, Bind and Execute tell the same one.
void PostgresqlConversation::told_text(int64_t time_ns, std::string_view text, bool cut) {
  if (tunnel_) return tunnel_->told_text(time_ns, text, cut);
  if (requests_.empty() || text.empty()) return;
  Request& request = requests_.front();
  auto unknown = std::find_if(request.runs.begin(), request.runs.end(), [](const SqlRun& run) { return !run.sql; });
  if (unknown == request.runs.end()) return;
  Sql sql = normalise(text, cut);
  if (sql->statements.empty()) return;
  uint64_t id = sql->statements[0].id;
  if (std::exchange(request.told_id, id) == id) return;
  for (const SqlRun& run : request.runs)
    if (run.sql && !run.sql->statements.empty() && run.sql->statements[0].id == id) return;
  if (!unknown->name.empty()) remember(unknown->name, sql);
  unknown->name.clear();
  unknown->sql = std::move(sql);
}

std::vector<Exchange> PostgresqlConversation::take_finished() {
  std::vector<Exchange> all = std::exchange(finished_, {});
  if (tunnel_) {
    std::vector<Exchange> more = tunnel_->take_finished();
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Exchange> PostgresqlConversation::open() const {
  if (tunnel_) return tunnel_->open();
  std::vector<Exchange> all;
  for (const Request& request : requests_) all.push_back(make_exchange(request, 0, 0, database_));
  return all;
}

ConversationCounts PostgresqlConversation::take_counts() {
  ConversationCounts counts = std::exchange(counts_, {});
  if (tunnel_) {
    ConversationCounts more = tunnel_->take_counts();
    counts.redacted += more.redacted;
    counts.truncated += more.truncated;
    counts.bad_utf8 += more.bad_utf8;
    counts.resyncs += more.resyncs;
    counts.text_unknown += more.text_unknown;
  }
  return counts;
}

std::string_view PostgresqlConversation::protocol() const { return tunnel_ ? tunnel_->protocol() : "postgresql"; }

}  // namespace culprit::postgresql
