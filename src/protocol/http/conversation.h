// An HTTP/1.x connection from either end: requests and responses, matched in order (RFC 9112 §9.3.2, "Pipelining").
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/head.h"
#include "protocol/http/reader.h"
#include "protocol/interface/conversation.h"

namespace culprit::http {

class HttpConversation final : public Conversation {
 public:
  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void hole(From from, int64_t time_ns, uint64_t length_bytes) override;
  void told_text(int64_t, std::string_view, bool) override {}
  std::vector<Exchange> take_finished() override;
  std::vector<Exchange> open() const override;
  ConversationCounts take_counts() override;
  std::string_view protocol() const override { return "http"; }

 private:
  struct Request {
    Exchange exchange;
    std::string method;  // as sent; empty: not seen
    bool until_close = false;
    int64_t last_reply_ns = 0;
  };

  void drain(From from, int64_t time_ns);
  void request_head(const Part& part);
  void response_head(const Part& part, int64_t time_ns);
  Body response_body(const Head& head, const Request& request);
  Request& answered(const Part& part);
  void finish(int64_t time_ns);

  Reader client_{From::Client}, server_{From::Server};
  std::deque<Request> requests_;  // oldest first
  std::vector<Exchange> finished_;
  ConversationCounts counts_;
  bool any_request_ = false;    // was seen
  bool client_missed_ = false;  // requests may have been missed since the last that was seen
  bool interim_ = false;        // the response under way is a 1xx: another follows
};

}  // namespace culprit::http
