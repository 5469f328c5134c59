// OpaqueConversation: a connection whose bytes cannot be decoded, split into turns. A turn lasts from the client's
// first byte to the server's last byte before the client sends again. Only the server's own report (set_statement_text)
// can show the purpose of a turn.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/interface/conversation.h"
#include "protocol/shared/sql_exchange.h"

namespace culprit {

class OpaqueConversation final : public Conversation {
 public:
  // `protocol` is "tls" or "unknown" and must have static storage.
  OpaqueConversation(std::string_view protocol, std::shared_ptr<SqlCache> sql)
      : protocol_(protocol), sql_(std::move(sql)) {}

  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void gap(From from, int64_t time_ns, uint64_t length_bytes) override;
  void set_statement_text(int64_t time_ns, std::string_view text, bool cut) override;
  void close(int64_t time_ns, Closing why) override;
  std::optional<CurrentRequest> current() const override;
  ConversationCounts take_counts() override { return std::exchange(counts_, {}); }
  std::string_view protocol() const override { return protocol_; }
  CapturePolicies capture_policies() const override {
    return {};
  }  // no bytes are copied: lengths and times are sufficient

 private:
  struct Turn {
    RequestToken token = RequestToken::None;
    int64_t begin_ns = 0, last_request_ns = 0, first_reply_ns = 0, last_reply_ns = 0;
    uint64_t request_bytes = 0, reply_bytes = 0;
    uint32_t flags = 0;
    std::vector<SqlRun> runs;  // the reported texts without repetitions
    uint64_t executed = 0;     // the number of statements in the reported texts
  };
  void begin_turn(int64_t time_ns, uint32_t flags);
  void reply(int64_t time_ns, uint64_t length_bytes);
  void end_turn(int64_t end_ns, uint32_t flags);

  std::string_view protocol_;
  std::shared_ptr<SqlCache> sql_;
  Turn turn_;
  bool under_way_ = false;
  bool any_bytes_ = false;
  ConversationCounts counts_;
};

}  // namespace culprit
