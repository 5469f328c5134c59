// Conversation: the bytes of one connection, cut into requests and their answers.
//
// The seam of the protocols: one implementation a protocol, one object a connection end, fed with both directions in
// order of time as one end of the socket saw them. It owns its buffers, which are bounded: what does not fit is a gap.
// A gap (bytes that were not captured) is explicit; a parser resynchronises after it, flags every request that the gap
// touches and counts it. Nothing that it hands out holds a literal, a bind value or a secret.
//
//   feed(), gap(), set_statement_text(), close() ──▶ events(): Begin, Answered, End, Drop of requests, told apart by token
//
// A request begins when its first byte passes and ends once. Several may be open at once, in order or not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/attribute.h"
#include "model/span.h"
#include "protocol/interface/capture_policy.h"
#include "statement/trace_context.h"

namespace culprit {

enum class From : uint8_t { Client, Server };

// A request and its answer. Times are those of the segments that carried them, in the caller's clock.
struct Exchange {
  std::string_view protocol;   // postgresql, http; static storage
  std::string name;            // the span's: "SELECT orders", "GET /orders", "COMMIT"
  int64_t begin_ns = 0;        // first byte of the request
  int64_t first_reply_ns = 0;  // first byte of the answer; 0: none
  int64_t end_ns = 0;          // last byte of the answer; of a request that was not answered, when it was given up
  uint32_t flags = 0;          // SpanFlag: kTextUnknown, kTextCut, kHole, kBatch, kUnfinished, kUnanswered, kOpaque …
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;           // an SQLSTATE and its class, an HTTP status; never the server's free text
  Attributes attributes;                // db.query.text, db.response.returned_rows, http.request.method, url.path …
  std::optional<TraceContext> context;  // traceparent header or SQL comment
  uint64_t request_bytes = 0, reply_bytes = 0;
  std::vector<Exchange> parts;  // of a pipeline of different statements: one each, in order; without parts of their own
};

struct ConversationCounts {   // since the last take_counts(), for the ledger
  uint64_t resyncs = 0;       // lost its place and found it again
  uint64_t malformed = 0;     // messages that could not be decoded
  uint64_t text_unknown = 0;  // statements run by a name given before the recording
  uint64_t truncated = 0;     // texts longer than the capture
  uint64_t redacted = 0;      // literals and secrets removed
  uint64_t bad_utf8 = 0;
  uint64_t gap_requests = 0;  // requests that bytes are missing of: their end, their number or their text is not exact
  uint64_t not_run = 0;       // statements that the server skipped, for one before them in the pipeline failed
};

// Which protocol the first bytes of a direction look like, and who sent them. Certain: no other known protocol begins so.
struct Recognised {
  std::string_view protocol;  // "postgresql", "http", "tls"; empty: not (yet) recognised
  From from = From::Client;   // who sent these bytes
  bool final = false;         // more bytes will not change the answer
};

// A request of one conversation: numbered from 1, never reused.
enum class RequestToken : uint64_t { None = 0 };

struct ConversationEvent {
  enum class Kind : uint8_t {
    Begin,     // the first byte of a request passed
    Answered,  // for all that can be seen it is answered; its end is known when the next bytes come
    End,       // its exchange is complete: nothing more comes of this token
    Drop,      // it was no request
  };
  Kind kind = Kind::Begin;
  RequestToken token = RequestToken::None;
  int64_t begin_ns = 0;       // Begin
  uint32_t offset_bytes = 0;  // Begin: of the first byte, in the segment that was fed
  uint32_t exchange = 0;      // End: Conversation::exchange()
};

// What a conversation works on now: for the holder of a lock, while it holds it.
struct CurrentRequest {
  int64_t begin_ns = 0;
  std::string statement;  // normalised; empty: not known
};

// Which bytes of each message a conversation needs, by direction. It may change with every call of feed().
struct CapturePolicies {
  CapturePolicy requests, replies;
  bool operator==(const CapturePolicies&) const = default;
};

// Why no more bytes come.
enum class Closing : uint8_t { ConnectionClosed, RecordingEnded };

class Conversation {
 public:
  virtual ~Conversation() = default;

  // The next bytes in one direction. `length_bytes` as on the wire; `head` is what was captured of their beginning,
  // `tail` of their end (empty where head is all); head.size() + tail.size() < length_bytes: the middle is a gap.
  virtual void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                    uint64_t length_bytes) = 0;
  // `length_bytes` in one direction were never seen (0: an unknown number).
  virtual void gap(From from, int64_t time_ns, uint64_t length_bytes) = 0;
  // The server itself reported the text it now runs (PostgreSQL's activity): names what the wire does not.
  virtual void set_statement_text(int64_t time_ns, std::string_view text, bool cut) = 0;
  // Ends every request that is open.
  virtual void close(int64_t time_ns, Closing why) = 0;

  // What happened since clear_events(), in order.
  std::span<const ConversationEvent> events() const { return events_; }
  Exchange& exchange(const ConversationEvent& event) { return exchanges_[event.exchange]; }
  void clear_events() {
    events_.clear();
    exchanges_.clear();
  }

  virtual std::optional<CurrentRequest> current() const = 0;
  virtual ConversationCounts take_counts() = 0;
  virtual std::string_view protocol() const = 0;
  virtual CapturePolicies capture_policies() const = 0;
  // Several requests are worked on at once; false: in the order in which they came.
  virtual bool concurrent() const { return false; }
  // Both ends agreed to speak this protocol from the next byte on (STARTTLS, Upgrade); empty: they go on.
  virtual std::string_view handed_over() const { return {}; }

 protected:
  RequestToken begin_request(int64_t begin_ns, uint32_t offset_bytes) {
    const RequestToken token{++requests_begun_};
    events_.push_back({ConversationEvent::Kind::Begin, token, begin_ns, offset_bytes, 0});
    return token;
  }
  void answered_request(RequestToken token) { events_.push_back({ConversationEvent::Kind::Answered, token, 0, 0, 0}); }
  void end_request(RequestToken token, Exchange exchange) {
    events_.push_back({ConversationEvent::Kind::End, token, 0, 0, static_cast<uint32_t>(exchanges_.size())});
    exchanges_.push_back(std::move(exchange));
  }
  void drop_request(RequestToken token) { events_.push_back({ConversationEvent::Kind::Drop, token, 0, 0, 0}); }

 private:
  std::vector<ConversationEvent> events_;
  std::vector<Exchange> exchanges_;
  uint64_t requests_begun_ = 0;
};

}  // namespace culprit
