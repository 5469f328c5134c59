// An HTTP/1.x connection from either end: requests and responses, matched in order (RFC 9112 §9.3.2, "Pipelining").
//
// A response ends where its length, its last chunk or the connection's end says. Where that was not seen, it ends with the
// last byte that was, flagged, and is no failure. After a gap that may hold whole messages of a pipeline the order counts from
// the other end, as PostgresqlConversation does it: the last response is the last request's.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/http/head.h"
#include "protocol/http/reader.h"
#include "protocol/interface/conversation.h"

namespace culprit::http {

class HttpConversation final : public Conversation {
 public:
  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void gap(From from, int64_t time_ns, uint64_t length_bytes) override;
  void set_statement_text(int64_t, std::string_view, bool) override {}
  void close(int64_t time_ns, Closing why) override;
  std::optional<CurrentRequest> current() const override;
  ConversationCounts take_counts() override { return std::exchange(counts_, {}); }
  std::string_view protocol() const override { return "http"; }
  CapturePolicies capture_policies() const override;

 private:
  struct Request {
    RequestToken token = RequestToken::None;
    Exchange exchange;
    std::string method;  // as sent; empty: not seen
    bool until_close = false;
    bool answered = false;    // the head of its response was seen
    bool end_unseen = false;  // the head of its response was cut: its end is not known
    int64_t last_reply_ns = 0;
  };
  // A response whose request is not known yet.
  struct Answer {
    int64_t first_reply_ns = 0, end_ns = 0;
    int status = 0;
  };
  // How far heads are copied in one direction: to the blank line, unless bodies are long and heads are not.
  struct HeadCapture {
    bool to_blank_line = true;
    uint32_t bodies_searched = 0;  // long messages in a row without any head: searched in vain
    uint32_t head_bytes = 0;       // 0: the first policy
    void learn(const Reader& reader, uint64_t length_bytes, uint32_t first_bytes);
    void head_was_cut();
  };

  void drain(From from, int64_t time_ns);
  void note_missed(From from, int64_t time_ns);
  void request_head(const Part& part, int64_t time_ns);
  void describe_request(Request& request, const Head& head, bool cut);
  void response_head(const Part& part, int64_t time_ns);
  void response_end(const Part& part, int64_t time_ns);
  Body response_body(const Head& head, std::string_view method) const;
  Request& answered(const Part& part);
  Request& add_request(int64_t begin_ns, uint32_t offset_bytes);
  void end_front(int64_t time_ns, uint32_t flags);
  bool answered_all() const;
  void match_answers();

  Reader client_{From::Client}, server_{From::Server};
  std::deque<Request> requests_;             // oldest first
  RequestToken begun_ = RequestToken::None;  // a request whose head is not whole
  ConversationCounts counts_;
  HeadCapture request_capture_, response_capture_;
  bool any_request_ = false;    // was seen
  bool client_missed_ = false;  // requests may have been missed since the last that was seen
  bool interim_ = false;        // the response under way is a 1xx: another follows
  bool upgraded_ = false;       // it is HTTP no more
  bool pipelines_ = false;      // this client asks before it was answered
  int64_t server_last_ns_ = 0;

  bool unsure_ = false;   // which request a response belongs to
  size_t sure_left_ = 0;  // of the oldest requests so many lie before the gap
  int64_t unsure_since_ns_ = 0;
  std::vector<Answer> answers_;
  Answer answer_;  // under way, while unsure
};

}  // namespace culprit::http
