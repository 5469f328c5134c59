// OpaqueConversation: a connection whose bytes say nothing, as turns: what the client sent, until the server's last byte
// before the client sends again. What a turn was for, only the server's own report (told_text) can tell.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit {

class OpaqueConversation final : public Conversation {
 public:
  OpaqueConversation(std::string_view protocol, std::shared_ptr<SqlCache> sql)
      : protocol_(protocol), sql_(std::move(sql)) {}

  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void hole(From from, int64_t time_ns, uint64_t length_bytes) override;
  void told_text(int64_t time_ns, std::string_view text, bool cut) override;
  std::vector<Exchange> take_finished() override;
  std::vector<Exchange> open() const override;
  ConversationCounts take_counts() override;
  std::string_view protocol() const override { return protocol_; }

 private:
  struct Turn {
    int64_t begin_ns = 0, last_request_ns = 0, first_reply_ns = 0, last_reply_ns = 0;
    uint64_t request_bytes = 0, reply_bytes = 0;
    uint32_t flags = 0;
    std::vector<SqlRun> runs;  // texts that were told, each once
    uint64_t executed = 0;     // statements in them
  };
  void reply(int64_t time_ns, uint64_t length_bytes);
  Exchange exchange_of(const Turn& turn, int64_t end_ns) const;

  std::string protocol_;
  std::shared_ptr<SqlCache> sql_;
  Turn turn_;
  bool under_way_ = false;
  bool any_bytes_ = false;
  std::vector<Exchange> finished_;
  ConversationCounts counts_;
};

}  // namespace culprit
