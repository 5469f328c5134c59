// The head of one message of PostgreSQL's protocol 3.
//
//   ┌─────┬──────────────┬──────────────┐
//   │ tag │ length (BE)  │ body         │   length counts itself and the body, not the tag
//   │ u8  │ u32          │ length - 4 B │   PostgreSQL documentation, "Message Flow" and "Message Formats"
//   └─────┴──────────────┴──────────────┘
//
// A client's very first message has no tag: it begins with the length, whose first byte is 0, which is no tag. Then come
// four bytes of code: the protocol's version, or a request for encryption or to cancel.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "protocol/interface/conversation.h"

namespace culprit::postgresql {

constexpr char kStartup = '\0';  // the tag we give to a message that has none
constexpr size_t kHeadSize = 5;  // of both: tag and length, or length and the first byte of the code

// The codes of a startup packet. "Message Formats"; pqcomm.h.
constexpr uint32_t kProtocol3 = 3u << 16;  // | minor version
constexpr uint32_t kCancelRequest = 1234u << 16 | 5678, kSslRequest = 1234u << 16 | 5679,
                   kGssRequest = 1234u << 16 | 5680;

struct Head {
  char tag;      // 'Q' simple query, 'P' parse, 'B' bind, 'C' command complete, 'Z' ready …; kStartup
  uint8_t size;  // bytes before the body: 5; of a startup packet 4, the code is part of its body
  uint32_t body_size;
};
struct NeedMore {};   // a message has begun; wait for more bytes
struct OutOfStep {};  // no message begins here: the reader lost its place, after a hole

// The head that `bytes` begins with, in a direction. Random bytes pass about once in a hundred times.
std::variant<Head, NeedMore, OutOfStep> read_head(From from, std::string_view bytes);

// Whether `bytes` ends with a server's ReadyForQuery: Z 00000005 and I, T or E.
bool ends_ready(std::string_view bytes);

// How a run of messages beginning at the start of `bytes` ends.
struct Chain {
  size_t messages = 0;      // whose head is there and valid, bodies not looked at
  bool broken = false;      // then came something that is no head
  uint64_t size_bytes = 0;  // of those messages: may reach beyond `bytes`
  char last = 0;            // tag of the last one
};
// Follows heads until the bytes end, or `most` messages.
Chain follow(From from, std::string_view bytes, size_t most);

}  // namespace culprit::postgresql
