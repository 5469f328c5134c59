// Conversation: splits the bytes of one connection into requests and their answers.
//
// This is the interface of the protocols: each protocol has one implementation, and each end of a connection has one
// object. The object receives both directions in the order of time, as one end of the socket saw them. Its buffers are
// bounded: bytes that do not fit count as a gap. A gap is a range of bytes that were not captured. After a gap the
// parser resynchronises. It flags and counts every request that the gap touches. Its results contain no literal, bind
// value or secret.
//
//   feed(), gap(), set_statement_text(), close() ──▶ events(): Begin, Answered, End, Drop, each with a token
//
// A request begins with its first byte and ends once. Several requests may be open at the same time. They may end in
// any order.
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
  std::string name;            // the span's name: "SELECT orders", "GET /orders", "COMMIT"
  int64_t begin_ns = 0;        // time of the request's first byte
  int64_t first_reply_ns = 0;  // time of the answer's first byte; 0: no answer
  int64_t end_ns = 0;          // time of the answer's last byte; without an answer, the time when the wait for it ended
  uint32_t flags = 0;          // SpanFlag: kTextUnknown, kTextCut, kHole, kBatch, kUnfinished, kUnanswered, kOpaque …
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;           // an SQLSTATE and its class, or an HTTP status; no free text of the server
  Attributes attributes;                // db.query.text, db.response.returned_rows, http.request.method, url.path …
  std::optional<TraceContext> context;  // traceparent header or SQL comment
  uint64_t request_bytes = 0, reply_bytes = 0;
  // pipeline of different statements: one exchange for each, in order; a part has no parts
  std::vector<Exchange> parts;
};

struct ConversationCounts {   // counts since the last take_counts(), for the ledger
  uint64_t resyncs = 0;       // the parser lost its position and found it again
  uint64_t malformed = 0;     // messages that could not be decoded
  uint64_t text_unknown = 0;  // statements that were prepared before the recording began
  uint64_t truncated = 0;     // texts that are longer than the captured part
  uint64_t redacted = 0;      // literals and secrets that were removed
  uint64_t bad_utf8 = 0;
  uint64_t gap_requests = 0;      // requests with missing bytes: end, number or text may be inexact
  uint64_t evicted_names = 0;     // names of prepared statements and portals that were removed for newer ones
  uint64_t evicted_messages = 0;  // messages of open requests that were counted and not kept
};

// The protocol of a direction's first bytes and their sender. The result is certain: no other known protocol begins
// with these bytes.
struct Recognised {
  std::string_view protocol;  // "postgresql", "http", "tls"; empty: not recognised (yet)
  From from = From::Client;   // the sender of these bytes
  bool final = false;         // more bytes will not change the result
};

// The number of a request within its conversation. Numbers begin at 1 and are never reused.
enum class RequestToken : uint64_t { None = 0 };

struct ConversationEvent {
  enum class Kind : uint8_t {
    Begin,     // the first byte of a request was seen
    Answered,  // the answer looks complete; its end is confirmed by the next bytes
    End,       // the exchange is complete: no further event has this token
    Drop,      // the bytes were no request
  };
  Kind kind = Kind::Begin;
  RequestToken token = RequestToken::None;
  int64_t begin_ns = 0;       // Begin
  uint32_t offset_bytes = 0;  // Begin: offset of the first byte in the segment
  uint32_t exchange = 0;      // End: Conversation::exchange()
};

// The request that a conversation is working on. Names the statement of a process that holds a lock.
struct CurrentRequest {
  int64_t begin_ns = 0;
  std::string statement;  // normalised; empty: unknown
};

// The bytes of each message that a conversation needs, by direction. They may change with every call of feed().
struct CapturePolicies {
  CapturePolicy requests, replies;
  bool operator==(const CapturePolicies&) const = default;
};

// The reason why open requests end.
enum class Closing : uint8_t {
  ConnectionClosed,
  RecordingEnded,
  GivenUp,  // too many requests are open: the connection continues, and late answers belong to no request
};

class Conversation {
 public:
  virtual ~Conversation() = default;

  // Processes the next bytes in one direction. `length_bytes` is the length on the connection. `head` holds the
  // captured first bytes and `tail` the captured last bytes (empty if `head` holds all). If head.size() + tail.size() <
  // length_bytes, the bytes between them are a gap.
  virtual void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                    uint64_t length_bytes) = 0;
  // Notes that `length_bytes` in one direction were not seen (0: an unknown number).
  virtual void gap(From from, int64_t time_ns, uint64_t length_bytes) = 0;
  // Sets the text that the server runs now, as the server itself reported it (PostgreSQL's activity). Needed for
  // statements whose text did not pass on this connection.
  virtual void set_statement_text(int64_t time_ns, std::string_view text, bool cut) = 0;
  // Ends every open request.
  virtual void close(int64_t time_ns, Closing why) = 0;

  // Returns the events since clear_events(), in order.
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
  // True: the server works on several requests at once; false: one after the other, in the order of arrival.
  virtual bool concurrent() const { return false; }
  // The protocol that both ends agreed to speak from the next byte on (STARTTLS, Upgrade); empty: no change.
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
