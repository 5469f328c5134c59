// The part of PostgresqlConversation that reads the client's messages.
#include "protocol/postgresql/conversation.h"

#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"

namespace culprit::postgresql {

namespace {

// The limit of open requests on one connection. libpq waits for answers long before a pipeline has so many requests.
constexpr size_t kMaxRequests = 4096;

// Most writes are much shorter, and batches of drivers usually fit into 16 KiB. If a longer write holds several
// messages, the limit rises to the kernel part's maximum. For copied-in rows (COPY), the first bytes are enough.
constexpr uint32_t kRequestBytes = 16384, kCopiedInBytes = 512;
// The first message of an answer shows the outcome. The last 64 bytes show its end: the command tag and ReadyForQuery.
// If several answers arrive in one segment, more bytes are copied.
constexpr uint32_t kReplyBytes = 512, kMoreReplyBytes = 4096;
constexpr uint32_t kTailBytes = 64, kLongTailBytes = 1024;

bool begins_request(char tag) { return std::string_view("QPBECDHSF").find(tag) != std::string_view::npos; }

// In a long write, the last messages may follow a long value, so the tail is copied too.
CapturePolicy request_policy(uint32_t head_bytes) { return {head_bytes, kLongTailBytes, false}; }
CapturePolicy reply_policy(uint32_t head_bytes) {
  return {head_bytes, head_bytes > kReplyBytes ? kLongTailBytes : kTailBytes, false};
}

}  // namespace

void PostgresqlConversation::feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                                  uint64_t length_bytes) {
  uint64_t captured = head.size() + tail.size();
  Reader& reader = from == From::Client ? client_ : server_;
  reader.begin_segment(time_ns, head, length_bytes > captured ? length_bytes - captured : 0, tail);
  drain(from, time_ns);
}

void PostgresqlConversation::gap(From from, int64_t time_ns, uint64_t length_bytes) {
  (from == From::Client ? client_ : server_).gap(time_ns, length_bytes);
  drain(from, time_ns);
}

CapturePolicies PostgresqlConversation::capture_policies() const {
  return {request_policy(copies_in() ? kCopiedInBytes : std::max(request_bytes_, kRequestBytes)),
          reply_policy(std::max(reply_bytes_, kReplyBytes))};
}

void PostgresqlConversation::drain(From from, int64_t time_ns) {
  Reader& reader = from == From::Client ? client_ : server_;
  if (from == From::Server) server_last_ns_ = time_ns;
  for (;;) {
    std::optional<Message> message = reader.next();
    if (reader.take_accident()) {
      flag_requests();
      if (from == From::Client && client_lost_ns_ == 0) client_lost_ns_ = time_ns;
    }
    if (!message) break;
    if (message->tag == kMissed) {
      note_missed(from, time_ns);
    } else if (from == From::Client) {
      add_skipped_request_bytes();
      from_client(*message, time_ns);
    } else {
      uint64_t skipped = reader.take_skipped();
      if (skipped > 0 && !requests_.empty()) requests_.front().reply_bytes += skipped;
      from_server(*message, time_ns);
    }
  }
  if (from == From::Client) add_skipped_request_bytes();
  if (from == From::Client) begin_early(time_ns);
  if (reader.lost() && from == From::Client && client_lost_ns_ == 0 && !copies_in()) client_lost_ns_ = time_ns;
  counts_.resyncs += reader.take_resyncs();
}

// Flags the open requests: bytes are missing, so their data may be incomplete.
void PostgresqlConversation::flag_requests() {
  for (Request& request : requests_) request.flags |= kHole;
}

// Adds bytes of copied-in rows that were not captured to the current COPY.
void PostgresqlConversation::add_skipped_request_bytes() {
  const uint64_t skipped = client_.take_skipped();
  if (skipped > 0 && copies_in()) requests_.front().request_bytes += skipped;
}

// Notes a gap that may hold whole messages. The number of requests or answers in it is unknown.
void PostgresqlConversation::note_missed(From from, int64_t time_ns) {
  const size_t asked = static_cast<size_t>(
      std::count_if(requests_.begin(), requests_.end(), [](const Request& request) { return request.asked; }));
  if (from == From::Client) {
    // copied-in rows: the client sends nothing else before the last row
    if (copies_in() && requests_.size() == 1) return;
    request_bytes_ = CapturePolicy::kMaxHeadBytes;
    if (!requests_.empty() && !requests_.back().asked) requests_.back().flags |= kHole;
    // A single request, the usual case: its Sync is in the gap or after it.
    const bool alone = asked == 0 && !pipelines_;
    if (alone && !requests_.empty())
      maybe_missed_ns_ = time_ns;
    else if (client_lost_ns_ == 0)
      client_lost_ns_ = time_ns;
    if (alone) return;
    if (!unsure_) sure_left_ = asked;
  } else {
    const bool owed = std::exchange(owed_, 0) > 0;
    if (requests_.empty()) return;
    if (requests_.size() > 1 || requests_.front().pending_runs() > 1) {
      reply_bytes_ = reply_bytes_ == 0 ? kMoreReplyBytes : CapturePolicy::kMaxHeadBytes;
      requests_.front().flags |= kHole;
    }
    if (asked < 2 && !owed) return;
    sure_left_ = 0;
  }
  if (!std::exchange(unsure_, true)) unsure_since_ns_ = time_ns;
  for (size_t i = sure_left_; i < requests_.size(); ++i) requests_[i].flags |= kHole;
}

Request& PostgresqlConversation::open_request(int64_t begin_ns, uint32_t offset_bytes) {
  any_request_ = true;
  maybe_missed_ns_ = 0;
  if (!requests_.empty()) {
    if (answered_all()) match_answers();
    // The end of the answer was lost. A client without pipelining sends again only after the answer, so the answer has
    // arrived by now.
    if (!requests_.empty() && server_.lost() && !pipelines_ && !unsure_)
      end_all_asked(server_last_ns_ >= requests_.back().begin_ns ? server_last_ns_ : begin_ns, 0);
    pipelines_ |= !requests_.empty();
    if (requests_.size() >= kMaxRequests) give_up_front(begin_ns, kUnfinished | kHole);
  } else if (answered_all()) {
    match_answers();
  }
  Request& request = requests_.emplace_back();
  request.steps = std::move(spare_steps_);
  request.steps.clear();
  request.token = begin_request(begin_ns, offset_bytes);
  request.begin_ns = begin_ns;
  if (std::exchange(client_lost_ns_, 0) != 0 || unsure_) request.flags |= kHole;
  return request;
}

// Returns the request that a client message belongs to.
Request& PostgresqlConversation::asking(const Message& message) {
  if (requests_.empty() || requests_.back().asked) open_request(message.begin_ns, message.begin_offset);
  requests_.back().request_bytes += message.size_bytes;
  return requests_.back();
}

// Begins a request with its first byte, even if its first message is not complete yet.
void PostgresqlConversation::begin_early(int64_t time_ns) {
  const std::optional<PartialMessage> partial = client_.partial();
  if (!partial || partial->begin_ns != time_ns || !begins_request(partial->tag)) return;
  if (requests_.empty() || requests_.back().asked) open_request(partial->begin_ns, partial->begin_offset);
}

void PostgresqlConversation::from_client(const Message& message, int64_t time_ns) {
  switch (message.tag) {
    case kStartup: return startup(message, time_ns);
    case 'Q': return simple_query(message);
    case 'P': return parse(message);
    case 'B': return bind(message);
    case 'E': return execute(message);
    case 'C': return close_name(message);
    case 'D': {
      Request& request = asking(message);
      request.purpose = std::max(request.purpose, RequestPurpose::Describe);
      return;
    }
    case 'H': asking(message); return;
    case 'S': {
      Request& request = asking(message);
      request.purpose = std::max(request.purpose, RequestPurpose::Sync);
      request.asked = true;
      return;
    }
    case 'F': {
      Request& request = asking(message);
      request.purpose = RequestPurpose::FunctionCall;
      request.asked = true;
      return;
    }
    case 'd':
    case 'c':
    case 'f':
    case 'p':  // belong to the current request
      if (!requests_.empty()) requests_.back().request_bytes += message.size_bytes;
      return;
    default: return;  // 'X' (Terminate) is no request
  }
}

void PostgresqlConversation::startup(const Message& message, int64_t time_ns) {
  Cursor cursor(message.body);
  uint32_t code = cursor.u32_be();
  if (code == kSslRequest || code == kGssRequest) {
    if (encryption_ == RequestToken::None) encryption_ = begin_request(message.begin_ns, message.begin_offset);
    return server_.expect_answer();
  }
  Request& request = asking(message);
  request.asked = true;
  if (code == kCancelRequest) {  // a server never answers it
    request.purpose = RequestPurpose::Cancel;
    while (requests_.size() > 1) give_up_front(time_ns, kUnfinished);
    return end_front(time_ns, 0);
  }
  request.purpose = RequestPurpose::Connect;
  std::string user;
  while (!cursor.failed()) {
    std::string_view key = cursor.c_string();
    if (key.empty()) break;
    std::string_view value = cursor.c_string();
    if (cursor.failed()) break;
    if (key == "database") database_ = repaired_utf8(value.substr(0, kMaxNameShown));
    if (key == "user") user = repaired_utf8(value.substr(0, kMaxNameShown));
  }
  if (database_.empty()) database_ = user;  // "StartupMessage": the default is the user name
}

Sql PostgresqlConversation::normalise(std::string_view text, bool cut, uint64_t size_bytes) {
  Sql sql = sql_->normalise(text, cut ? SqlText::Cut : SqlText::Whole, settings_, size_bytes);
  counts_.redacted += sql->literals;
  counts_.truncated += sql->cut;
  counts_.bad_utf8 += sql->bad_utf8;
  return sql;
}

Sql PostgresqlConversation::confirmed_text(std::string_view name) {
  const Sql* found = statements_.find(name);
  return found ? *found : nullptr;
}

PostgresqlConversation::~PostgresqlConversation() {
  for (const Request& request : requests_) sql_->messages.held -= request.steps.size();
}

Step* PostgresqlConversation::add_step(Request& request, Step::Kind kind) {
  Step* step = sql_->messages.full() ? nullptr : request.add_step(kind);
  if (step)
    ++sql_->messages.held;
  else
    ++counts_.evicted_messages;
  return step;
}

ConversationCounts PostgresqlConversation::take_counts() {
  counts_.evicted_names += statements_.take_evicted() + asked_statements_.take_evicted() + portals_.take_evicted();
  return std::exchange(counts_, {});
}

// Returns the text that a name will have after all earlier requests, if the server refuses none of them.
Sql PostgresqlConversation::asked_text(std::string_view name) {
  if (!asked_statements_.empty())
    if (const Sql* asked = asked_statements_.find(name)) return *asked;
  return confirmed_text(name);
}

void PostgresqlConversation::simple_query(const Message& message) {
  Request& request = asking(message);
  request.asked = true;
  Step* step = add_step(request, Step::Kind::Query);
  if (!step) return;
  bool cut = message.body.size() < message.body_size;
  step->sql = normalise(message.body.substr(0, message.body.find('\0')), cut, cut ? message.body_size : 0);
  if (step->sql->statements.size() != 1) return;
  const SqlStatement& statement = step->sql->statements[0];
  if (statement.operation != "EXECUTE") return;
  step->portal = without_case(statement.prepared_name).substr(0, kMaxNameShown);
  if (Sql inner = asked_text(step->portal))
    step->sql = std::move(inner);
  else
    step->statement = step->portal;
}

void PostgresqlConversation::parse(const Message& message) {
  Request& request = asking(message);
  request.purpose = std::max(request.purpose, RequestPurpose::Parse);
  Cursor cursor(message.body);
  std::string_view name = cursor.c_string().substr(0, kMaxNameShown);
  if (cursor.failed()) return void(++counts_.malformed);
  std::string_view rest = cursor.rest();
  bool cut = rest.find('\0') == std::string_view::npos;
  // The parameter types behind a long text add only a few bytes.
  Sql sql = normalise(rest.substr(0, rest.find('\0')), cut, cut ? message.body_size - name.size() : 0);
  asked_statements_.set(name, sql);
  Step* step = add_step(request, Step::Kind::Parse);
  if (!step) return;
  step->statement = name;
  step->sql = std::move(sql);
}

void PostgresqlConversation::bind(const Message& message) {
  Request& request = asking(message);
  request.purpose = std::max(request.purpose, RequestPurpose::Bind);
  Cursor cursor(message.body);
  const std::string_view portal = cursor.c_string().substr(0, kMaxNameShown);
  const std::string_view name = cursor.c_string().substr(0, kMaxNameShown);
  if (cursor.failed()) return void(++counts_.malformed);
  Step* step = add_step(request, Step::Kind::Bind);
  if (!step) return;
  step->portal = portal;
  step->statement = name;
  step->sql = asked_text(name);
}

// Executes a portal: the portal of the latest Bind in this request, or else a portal that the server has.
void PostgresqlConversation::execute(const Message& message) {
  Request& request = asking(message);
  Cursor cursor(message.body);
  const std::string_view portal = cursor.c_string().substr(0, kMaxNameShown);
  if (cursor.failed()) return void(++counts_.malformed);
  uint32_t most_rows = cursor.u32_be();
  Step* step = add_step(request, Step::Kind::Execute);
  if (!step) return;
  step->portal = portal;
  step->most_rows = cursor.failed() ? 0 : most_rows;
  for (size_t i = request.steps.size() - 1; i-- > 0;) {
    const Step& before = request.steps[i];
    if (before.kind != Step::Kind::Bind || before.portal != portal) continue;
    step->sql = before.sql;
    if (!step->sql) step->statement = before.statement;
    return;
  }
  if (Portal* bound = find_portal(portal)) {
    step->sql = bound->sql ? bound->sql : asked_text(bound->statement);  // the text may have been reported since
    if (!step->sql) step->statement = bound->statement;
  }
}

void PostgresqlConversation::close_name(const Message& message) {
  Request& request = asking(message);
  request.purpose = std::max(request.purpose, RequestPurpose::Close);
  Cursor cursor(message.body);
  char kind = static_cast<char>(cursor.u8());
  const std::string_view name = cursor.c_string().substr(0, kMaxNameShown);
  if (cursor.failed()) return void(++counts_.malformed);
  const bool statement = kind == 'S';
  if (statement) asked_statements_.set(name, nullptr);
  Step* step = add_step(request, statement ? Step::Kind::CloseStatement : Step::Kind::ClosePortal);
  if (!step) return;
  (statement ? step->statement : step->portal) = name;
}

}  // namespace culprit::postgresql
