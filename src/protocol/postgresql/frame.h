// The head of a message of PostgreSQL's protocol 3.
//
//   ┌─────┬──────────────┬──────────────┐
//   │ tag │ length (BE)  │ body         │   the length includes itself and the body, but not the tag
//   │ u8  │ u32          │ length - 4 B │   PostgreSQL documentation, "Message Flow" and "Message Formats"
//   └─────┴──────────────┴──────────────┘
//
// The first message of a client has no tag. It begins with the length, whose first byte is 0. No tag has the value 0.
// The length is followed by a code of four bytes: the protocol version, or a request for encryption or cancellation.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "protocol/interface/conversation.h"

namespace culprit::postgresql {

constexpr char kStartup = '\0';  // our tag for a message without a tag
constexpr size_t kHeadSize = 5;  // tag and length, or the length and the first byte of the code

// The codes of a startup packet ("Message Formats"; pqcomm.h).
constexpr uint32_t kProtocol3 = 3u << 16;  // | minor version
constexpr uint32_t kCancelRequest = 1234u << 16 | 5678, kSslRequest = 1234u << 16 | 5679,
                   kGssRequest = 1234u << 16 | 5680;

struct Head {
  char tag;      // 'Q' simple query, 'P' parse, 'B' bind, 'C' command complete, 'Z' ready …; kStartup
  uint8_t size;  // bytes before the body: 5; 4 for a startup packet, whose code is part of the body
  uint32_t body_size;
};
struct NeedMore {};   // a message has begun and more bytes are needed
struct OutOfStep {};  // no message begins here: the reader lost its position after a gap

// Reads the head at the start of `bytes`. About one in a hundred random byte sequences passes as a head.
std::variant<Head, NeedMore, OutOfStep> read_head(From from, std::string_view bytes);

// Returns true if `bytes` ends with the server message ReadyForQuery: Z 00000005 and I, T or E.
bool ends_ready(std::string_view bytes);

// The messages that follow each other from the start of `bytes`.
struct Chain {
  size_t messages = 0;      // messages with a valid head; bodies are not checked
  bool broken = false;      // the bytes after these messages are no head
  uint64_t size_bytes = 0;  // size of these messages; may exceed the size of `bytes`
  char last = 0;            // the tag of the last message
};
// Follows heads to the end of the bytes or up to `most` messages.
Chain follow(From from, std::string_view bytes, size_t most);

}  // namespace culprit::postgresql
