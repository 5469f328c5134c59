// HttpConversation: an HTTP/1.x connection, seen from either end. Responses are matched to requests in order (RFC 9112
// §9.3.2, "Pipelining").
//
// A response ends at its content length, at its last chunk, or at the end of the connection. If its end was not
// captured, the response ends with the last byte that was captured; it gets a flag and is no error. After a gap that
// may hold whole messages of a pipeline, the matching goes backwards, as in PostgresqlConversation: the last response
// belongs to the last request.
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
    std::string method;  // the method as sent; empty: the request line was not seen
    bool until_close = false;
    bool answered = false;    // the head of the response was seen
    bool end_unseen = false;  // the response's head was cut, so its end is unknown
    int64_t last_reply_ns = 0;
  };
  // A response whose request is not known yet.
  struct Answer {
    int64_t first_reply_ns = 0, end_ns = 0;
    int status = 0;
  };
  // How many bytes of a head are copied in one direction. Copying goes on to the blank line, unless bodies are long and
  // heads are short.
  struct HeadCapture {
    bool to_blank_line = true;
    // consecutive long segments without a head, in which a blank line was searched without success
    uint32_t bodies_searched = 0;
    uint32_t head_bytes = 0;  // 0: the initial policy
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
  void give_up_front(int64_t time_ns, uint32_t flags);
  bool answered_all() const;
  void match_answers();

  Reader client_{From::Client}, server_{From::Server};
  std::deque<Request> requests_;             // ordered by age, the oldest first
  RequestToken begun_ = RequestToken::None;  // the request whose head is not complete
  ConversationCounts counts_;
  HeadCapture request_capture_, response_capture_;
  bool any_request_ = false;    // at least one request was seen
  bool client_missed_ = false;  // requests may have been missed since the last one that was seen
  bool interim_ = false;        // the current response is a 1xx response: another one follows
  bool upgraded_ = false;       // the connection switched to another protocol
  bool pipelines_ = false;      // the client sends requests before earlier ones are answered
  // The responses to requests that were given up; true: to HEAD, without a body. They arrive first and belong to no request.
  std::deque<bool> owed_;
  int64_t server_last_ns_ = 0;

  bool unsure_ = false;   // it is unknown which request a response belongs to
  size_t sure_left_ = 0;  // the number of oldest requests that came before the gap
  int64_t unsure_since_ns_ = 0;
  std::vector<Answer> answers_;
  Answer answer_;  // the current response, while unsure_ is set
};

}  // namespace culprit::http
