// For tests and fuzzers: checks the reports of a conversation, and feeds conversations from a fuzzer's bytes in any
// segmentation, in both directions, with gaps and with reported texts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "protocol/registry/registry.h"

namespace culprit {

inline std::unique_ptr<Conversation> make_conversation(std::string_view protocol) { return Protocols().make(protocol); }

// Returns the exchanges that ended since the last call, in order of their end.
inline std::vector<Exchange> take_finished(Conversation& conversation) {
  std::vector<Exchange> all;
  for (const ConversationEvent& event : conversation.events())
    if (event.kind == ConversationEvent::Kind::End) all.push_back(std::move(conversation.exchange(event)));
  conversation.clear_events();
  return all;
}

// Closes the conversation and returns the exchanges that were open.
inline std::vector<Exchange> take_open(Conversation& conversation, int64_t time_ns,
                                       Closing why = Closing::RecordingEnded) {
  conversation.close(time_ns, why);
  return take_finished(conversation);
}

inline void check_exchange(const Exchange& exchange) {
  CHECK(valid_utf8(exchange.name) && !exchange.name.empty(), "an exchange has a name, in UTF-8");
  CHECK(exchange.end_ns >= exchange.begin_ns, "ends after it begins");
  CHECK(exchange.begin_ns > 0, "begins at some time");
  for (const Attribute& attribute : exchange.attributes)
    CHECK(valid_utf8(to_text(attribute.value)), "attributes are UTF-8");
  for (const Exchange& part : exchange.parts) {
    CHECK(part.parts.empty() && part.begin_ns >= exchange.begin_ns && part.end_ns <= exchange.end_ns,
          "a part lies within the whole");
    check_exchange(part);
  }
}

// Checks that every token begins once, before its other events, and ends or is dropped once.
class EventChecker {
 public:
  void check(Conversation& conversation) {
    for (const ConversationEvent& event : conversation.events()) {
      const bool is_open = open_[event.token];
      CHECK(is_open == (event.kind != ConversationEvent::Kind::Begin), "only what has begun goes on");
      CHECK(event.kind != ConversationEvent::Kind::Begin || ++begun_ == static_cast<uint64_t>(event.token),
            "tokens are numbered");
      if (event.kind != ConversationEvent::Kind::Answered) open_[event.token] = !is_open;
      if (event.kind == ConversationEvent::Kind::End) check_exchange(conversation.exchange(event));
    }
    conversation.clear_events();
  }
  void check_all_ended() const {
    for (const auto& [token, open] : open_) CHECK(!open, "what has begun ends");
  }

 private:
  std::map<RequestToken, bool> open_;
  uint64_t begun_ = 0;
};

inline void fuzz_conversation(std::string_view protocol, const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto conversation = make_conversation(protocol);
  EventChecker checker;
  int64_t now = 0;
  while (rest.size() >= 2 && conversation->handed_over().empty()) {
    uint8_t control = static_cast<uint8_t>(rest[0]), length = static_cast<uint8_t>(rest[1]);
    rest.remove_prefix(2);
    std::string_view piece = rest.substr(0, control & 0x40 ? size_t{length} * 8 : length);
    rest.remove_prefix(piece.size());
    From from = control & 1 ? From::Server : From::Client;
    size_t tail = control & 2 ? std::min<size_t>(piece.size(), 64) : 0;
    uint64_t missing = control & 4 ? uint64_t{length} << (control >> 4) : 0;
    ++now;
    if (control & 8) {
      control & 16 ? conversation->set_statement_text(now, piece, control & 32) : conversation->gap(from, now, missing);
    } else {
      std::string_view head = piece.substr(0, piece.size() - tail);
      conversation->feed(from, now, head, piece.substr(head.size()), piece.size() + missing);
    }
    checker.check(*conversation);
    (void)conversation->current();
    CHECK(conversation->capture_policies().replies.head_bytes <= CapturePolicy::kMaxHeadBytes, "within the limits");
  }
  conversation->close(now + 1, size % 2 ? Closing::ConnectionClosed : Closing::RecordingEnded);
  checker.check(*conversation);
  checker.check_all_ended();
  conversation->take_counts();
}

}  // namespace culprit
