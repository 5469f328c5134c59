// PostgresqlConversation: a PostgreSQL connection (protocol 3), seen from either end. The recording may begin in the
// middle of the connection.
//
//   client  Q ─────────────────────────▶ one request          P B D E … S ──▶ one request
//   server        T D D … C  Z ────────▶ its answer                1 2 n D C Z ──▶ its answer
//
// Every request ends with exactly one ReadyForQuery (Z), and the answers come in order ("Message Flow", "Pipelining").
// Requests therefore wait in a queue, and a Z ends the oldest one. The names of statements and portals have the meaning
// that the server has confirmed: Parse, Bind and Close take effect when their answers arrive. A refused message has no
// effect. A name from before the recording is unknown until the server reports its text: set_statement_text().
//
// After a gap in which messages may have begun or ended, answers are collected until the client sends again and the
// server has answered everything. Then the matching goes backwards: the last answer belongs to the last request, and so
// on. Requests and answers that remain lie in the gap and get a flag. All later matches are exact.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/postgresql/reader.h"
#include "protocol/postgresql/request.h"
#include "protocol/shared/recent_map.h"

namespace culprit::postgresql {

class PostgresqlConversation final : public Conversation {
 public:
  explicit PostgresqlConversation(std::shared_ptr<SqlCache> sql) : sql_(std::move(sql)) {}
  ~PostgresqlConversation() override;

  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void gap(From from, int64_t time_ns, uint64_t length_bytes) override;
  void set_statement_text(int64_t time_ns, std::string_view text, bool cut) override;
  void close(int64_t time_ns, Closing why) override;
  std::optional<CurrentRequest> current() const override;
  ConversationCounts take_counts() override;
  std::string_view protocol() const override { return "postgresql"; }
  CapturePolicies capture_policies() const override;
  std::string_view handed_over() const override { return encrypted_ ? std::string_view("tls") : std::string_view(); }

 private:
  // The content of a portal: the text, or the name of the statement if its text is unknown.
  struct Portal {
    bool bound = false;
    Sql sql;
    std::string statement;
    bool suspended = false;
  };
  // An answer whose request is not known yet.
  struct Answer {
    int64_t first_reply_ns = 0, end_ns = 0;
    uint64_t reply_bytes = 0;
    RowCounts rows;
    std::string sql_state;
    char transaction = 0;
  };

  void drain(From from, int64_t time_ns);
  void flag_requests();
  // Returns true if the server receives rows: COPY … FROM STDIN.
  bool copies_in() const { return !requests_.empty() && requests_.front().copies_in; }
  void add_skipped_request_bytes();
  void note_missed(From from, int64_t time_ns);

  // Functions that read the client's messages.
  Request& open_request(int64_t begin_ns, uint32_t offset_bytes);
  Request& asking(const Message& message);
  // Returns null when the request, or all connections together, have too many messages.
  Step* add_step(Request& request, Step::Kind kind);
  void from_client(const Message& message, int64_t time_ns);
  void begin_early(int64_t time_ns);
  void startup(const Message& message, int64_t time_ns);
  void simple_query(const Message& message);
  void parse(const Message& message);
  void bind(const Message& message);
  void execute(const Message& message);
  void close_name(const Message& message);
  // `size_bytes`: the size of the whole text, if only a part was captured; 0: unknown.
  Sql normalise(std::string_view text, bool cut, uint64_t size_bytes = 0);
  Sql asked_text(std::string_view name);
  Sql confirmed_text(std::string_view name);
  Portal* find_portal(std::string_view name);

  // Functions that read the server's messages.
  Request* answered(const Message& message);
  void from_server(const Message& message, int64_t time_ns);
  void learn_setting(std::string_view body);
  void gather_answer(const Message& message, int64_t time_ns);
  void complete(Request& request, std::string_view tag, int64_t time_ns);
  void suspend(Request& request, int64_t time_ns);
  void confirm(Step& step);
  void resolve_text(Step& step, bool completed);
  void track_prepared_statement(const SqlStatement& statement);
  void fail(Request& request, std::string_view state, int64_t time_ns);

  void end_front(int64_t time_ns, char transaction);
  void end_all_asked(int64_t time_ns, char transaction);
  void give_up_front(int64_t time_ns, uint32_t flags);
  bool answered_all() const;
  void match_answers();
  void emit(Request&& request, int64_t end_ns, char transaction, uint32_t flags);

  std::shared_ptr<SqlCache> sql_;
  Reader client_{From::Client}, server_{From::Server};
  std::vector<Step> spare_steps_;  // the steps of an ended request, kept for their memory
  std::deque<Request> requests_;   // ordered by age, the oldest first; the last one may still be incomplete
  // The statements that the server has confirmed. PREPARE and Parse share one namespace. Connection pools prepare
  // hundreds of statements, not thousands.
  RecentMap<Sql, 1024> statements_{&sql_->names};
  // The texts after all open requests; null: closed.
  RecentMap<Sql, 1024> asked_statements_{&sql_->names};
  RecentMap<Portal, 64> portals_{&sql_->names};
  Portal unnamed_portal_;
  std::string database_;
  SqlSettings settings_;  // of this session; null dialect: the dialect of the cache
  ConversationCounts counts_;
  RequestToken encryption_ = RequestToken::None;  // an SSLRequest without an answer
  bool encrypted_ = false;

  int64_t client_lost_ns_ = 0;   // the time since which requests may have been missed; 0: none
  int64_t maybe_missed_ns_ = 0;  // the same, but the gap most likely held only the end of the open request
  int64_t server_last_ns_ = 0;
  bool any_request_ = false;  // at least one request was seen
  bool pipelines_ = false;    // the client sends requests before earlier ones are answered
  size_t owed_ = 0;           // the answers to requests that were given up; they arrive first

  bool unsure_ = false;   // it is unknown which request an answer belongs to
  size_t sure_left_ = 0;  // the number of oldest requests that came before the gap
  int64_t unsure_since_ns_ = 0;
  std::vector<Answer> answers_;
  Answer answer_;  // the current answer, while unsure_ is set

  uint32_t request_bytes_ = 0, reply_bytes_ = 0;  // bytes copied of each message; 0: the initial policy
};

}  // namespace culprit::postgresql
