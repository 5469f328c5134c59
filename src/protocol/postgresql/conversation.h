// A PostgreSQL connection, protocol 3, from either end, from its start or joined in the middle.
//
//   client  Q ─────────────────────────▶ one request          P B D E … S ──▶ one request
//   server        T D D … C  Z ────────▶ its answer                1 2 n D C Z ──▶ its answer
//
// Every request ends in exactly one ReadyForQuery (Z), and they come in order ("Message Flow", "Pipelining"): so requests
// wait in a queue, and a Z ends the oldest. A name means what the server has confirmed: Parse, Bind and Close change the
// names when their answers come, a refused one never. A name from before the recording is unknown until the server reports
// its text: set_statement_text().
//
// After a gap in which messages may have begun or ended, the order counts from the other end: answers are kept until the
// client sends again to a server that has answered all, then the last answer belongs to the last request, and so on; what is
// left over lies in the gap, flagged. So nothing behind that moment is wrong.
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

  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void gap(From from, int64_t time_ns, uint64_t length_bytes) override;
  void set_statement_text(int64_t time_ns, std::string_view text, bool cut) override;
  void close(int64_t time_ns, Closing why) override;
  std::optional<CurrentRequest> current() const override;
  ConversationCounts take_counts() override { return std::exchange(counts_, {}); }
  std::string_view protocol() const override { return "postgresql"; }
  CapturePolicies capture_policies() const override;
  std::string_view handed_over() const override { return encrypted_ ? std::string_view("tls") : std::string_view(); }

 private:
  // What a portal runs: the text, or the name of the statement whose text is not known.
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
  // The server takes rows: COPY … FROM STDIN.
  bool copies_in() const { return !requests_.empty() && requests_.front().copies_in; }
  void add_skipped_request_bytes();
  void note_missed(From from, int64_t time_ns);

  // What the client asks.
  Request& open_request(int64_t begin_ns, uint32_t offset_bytes);
  Request& asking(const Message& message);
  void from_client(const Message& message, int64_t time_ns);
  void begin_early(int64_t time_ns);
  void startup(const Message& message, int64_t time_ns);
  void simple_query(const Message& message);
  void parse(const Message& message);
  void bind(const Message& message);
  void execute(const Message& message);
  void close_name(const Message& message);
  Sql normalise(std::string_view text, bool cut);
  Sql asked_text(std::string_view name);
  Sql confirmed_text(std::string_view name);
  Portal* find_portal(std::string_view name);

  // What the server answers.
  Request* answered(const Message& message);
  void from_server(const Message& message, int64_t time_ns);
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
  std::vector<Step> spare_steps_;  // of a request that has ended: their memory
  std::deque<Request> requests_;   // oldest first; the last may not be asked yet
  // Confirmed by the server, which has one namespace for PREPARE and Parse. Pools prepare hundreds, not thousands.
  RecentMap<Sql, 1024> statements_;
  RecentMap<Sql, 1024> asked_statements_;  // as the client will find them when all is answered; null: closed
  RecentMap<Portal, 64> portals_;
  Portal unnamed_portal_;
  std::string database_;
  ConversationCounts counts_;
  RequestToken encryption_ = RequestToken::None;  // an SSLRequest that is not answered
  bool encrypted_ = false;

  int64_t client_lost_ns_ = 0;   // since when requests may have been missed; 0: none
  int64_t maybe_missed_ns_ = 0;  // the same, but most likely it was the end of the request under way
  int64_t server_last_ns_ = 0;
  bool any_request_ = false;  // was seen
  bool pipelines_ = false;    // this client asks before it was answered

  bool unsure_ = false;   // which request an answer belongs to
  size_t sure_left_ = 0;  // of the oldest requests so many lie before the gap
  int64_t unsure_since_ns_ = 0;
  std::vector<Answer> answers_;
  Answer answer_;  // under way, while unsure

  uint32_t request_bytes_ = 0, reply_bytes_ = 0;  // of each message that are copied; 0: the first policy
};

}  // namespace culprit::postgresql
