// Conversation: what two ends of one connection say to each other, cut into exchanges (a request and its answer).
//
// The seam of the protocols: one implementation a protocol, one object a connection end, fed with both directions in
// order of time as one end of the socket saw them. It owns its buffers, which are bounded: what does not fit is a hole.
// A hole (bytes that were not captured) is explicit; a parser resynchronises after it and says so. Nothing that it hands
// out holds a literal, a bind value or a secret.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/attribute.h"
#include "model/span.h"
#include "statement/trace_context.h"

namespace culprit {

enum class From : uint8_t { Client, Server };

// A request and its answer. Times are those of the segments that carried them, in the caller's clock.
struct Exchange {
  std::string protocol;        // postgresql, http
  std::string name;            // the span's: "SELECT orders", "GET /orders", "COMMIT"
  int64_t begin_ns = 0;        // first byte of the request
  int64_t first_reply_ns = 0;  // first byte of the answer; 0: none yet
  int64_t end_ns = 0;          // last byte of the answer; 0: not finished
  uint32_t flags = 0;          // SpanFlag: kTextUnknown, kTextCut, kHole, kBatch, kUnfinished, kOpaque …
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;           // an SQLSTATE and its class, an HTTP status; never the server's free text
  Attributes attributes;                // db.query.text, db.response.returned_rows, http.request.method, url.path …
  std::optional<TraceContext> context;  // traceparent header or SQL comment
  uint64_t request_bytes = 0, reply_bytes = 0;
};

struct ConversationCounts {   // since the last take_counts(), for the ledger
  uint64_t resyncs = 0;       // lost its place and found it again
  uint64_t malformed = 0;     // messages that could not be decoded
  uint64_t text_unknown = 0;  // statements run by a name given before the recording
  uint64_t truncated = 0;     // texts longer than the capture
  uint64_t redacted = 0;      // literals and secrets removed
  uint64_t bad_utf8 = 0;
};

// Which protocol the first bytes of a direction look like, and who sent them. Certain: no other known protocol begins so.
struct Recognised {
  std::string_view protocol;  // "postgresql", "http", "tls"; empty: not (yet) recognised
  From from = From::Client;   // who sent these bytes
  bool final = false;         // more bytes will not change the answer
};

class Conversation {
 public:
  virtual ~Conversation() = default;

  // The next bytes in one direction. `length_bytes` as on the wire; `head` is what was captured of their beginning,
  // `tail` of their end (empty where head is all); head.size() + tail.size() < length_bytes: the middle is a hole.
  virtual void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                    uint64_t length_bytes) = 0;
  // `length_bytes` in one direction were never seen (0: an unknown number).
  virtual void hole(From from, int64_t time_ns, uint64_t length_bytes) = 0;
  // The server itself told the text it now runs (PostgreSQL's activity): names what the wire does not.
  virtual void told_text(int64_t time_ns, std::string_view text, bool cut) = 0;

  // Exchanges that have ended, in order of end. At most one copy of each.
  virtual std::vector<Exchange> take_finished() = 0;
  // Those under way, oldest first: at the end of a recording, or for who asks what a connection does now.
  virtual std::vector<Exchange> open() const = 0;
  virtual ConversationCounts take_counts() = 0;
  virtual std::string_view protocol() const = 0;
};

}  // namespace culprit
