// A PostgreSQL connection, protocol 3, from either end, from its start or joined in the middle.
//
//   client  Q ─────────────────────────▶ one request          P B D E … S ──▶ one request
//   server        T D D … C  Z ────────▶ its answer                1 2 n D C Z ──▶ its answer
//
// Every request ends in exactly one ReadyForQuery (Z), and they come in order ("Message Flow", "Pipelining"): so requests wait
// in a queue, and a Z ends the oldest. Statements prepared by name are remembered; a name from before is asked of told_text().
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/postgresql/reader.h"
#include "protocol/postgresql/request.h"

namespace culprit::postgresql {

// Answers of a TLS tunnel are made by `make_opaque`, which the caller gives: other protocols are not seen from here.
using MakeConversation = std::unique_ptr<Conversation> (*)(std::string_view protocol, std::shared_ptr<SqlCache>);

class PostgresqlConversation final : public Conversation {
 public:
  PostgresqlConversation(std::shared_ptr<SqlCache> sql, MakeConversation make) : sql_(std::move(sql)), make_(make) {}

  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void hole(From from, int64_t time_ns, uint64_t length_bytes) override;
  void told_text(int64_t time_ns, std::string_view text, bool cut) override;
  std::vector<Exchange> take_finished() override;
  std::vector<Exchange> open() const override;
  ConversationCounts take_counts() override;
  std::string_view protocol() const override;

 private:
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  template <typename T>
  using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;
  // What a portal runs: the text, or the name of the statement whose text is not known.
  struct Portal {
    Sql sql;
    std::string name;
  };

  void drain(From from, int64_t time_ns);
  void from_client(const Message& message, int64_t time_ns);
  void from_server(const Message& message, int64_t time_ns);
  void startup(const Message& message, int64_t time_ns);
  void simple_query(const Message& message);
  void parse(const Message& message);
  void bind(const Message& message);
  void execute(const Message& message);
  void close(const Message& message);
  void answer_to_encryption(const Message& message);
  void heed_statement(const SqlStatement& statement);
  void remember(std::string_view name, Sql sql);
  Sql normalise(std::string_view text, bool cut);
  Sql prepared(std::string_view name) const;

  Request& asking(const Message& message);
  Request* answered(const Message& message);
  void note_accident(From from, int64_t time_ns);
  void finish(int64_t time_ns, char transaction);
  void finish_all(int64_t time_ns, char transaction);

  std::shared_ptr<SqlCache> sql_;
  MakeConversation make_;
  Reader client_{From::Client}, server_{From::Server};
  std::deque<Request> requests_;  // oldest first; the last may not be asked yet
  std::vector<Exchange> finished_;
  ByName<Sql> statements_;  // the server has one namespace for PREPARE and Parse
  ByName<Portal> portals_;
  std::string database_;
  std::unique_ptr<Conversation> tunnel_;  // once both ends agreed to encrypt
  ConversationCounts counts_;
  int64_t client_lost_ns_ = 0;  // since when requests may have been missed; 0: none
  int64_t server_last_ns_ = 0;
  bool any_request_ = false;  // was seen
  bool pipelines_ = false;    // this client asks before it was answered
  bool unsure_ = false;       // a gap in the answers to several requests: how many ended there is not known
};

}  // namespace culprit::postgresql
