// Reader: splits one direction of an HTTP/1.x connection into heads and ends of messages. Bodies are skipped, including
// gaps in them.
//
//   begin_segment() ──▶ next(): Part::Head ──▶ the caller calls set_body() ──▶ next() … Part::End
//
// The caller sets the form of the body because it depends on both directions: a response to HEAD has no body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/interface/conversation.h"

namespace culprit::http {

enum class Body : uint8_t {
  None,
  Sized,  // Content-Length
  Chunked,
  UntilClose,  // a response without a length
  Opaque,      // the connection speaks another protocol from here on: CONNECT, Upgrade
  Unknown,     // the head was cut; the body ends where the next message begins
};

struct Part {
  enum class Kind : uint8_t {
    Head,
    End,
    Missed,  // a gap in which at least one message may have begun or ended: whole messages may be missing
  } kind;
  std::string_view text;      // the text of a head; valid until the next call
  bool cut = false;           // head: it was not captured to its end; end: it was not seen, but the next message begins
  int64_t begin_ns = 0;       // the time of the segment with the message's first byte
  uint32_t begin_offset = 0;  // the position of that byte in the segment
};

// A head that has begun and is not complete.
struct PartialHead {
  int64_t begin_ns = 0;
  uint32_t begin_offset = 0;
};

class Reader {
 public:
  explicit Reader(From from) : from_(from) {}

  void begin_segment(int64_t time_ns, std::string_view head, uint64_t gap_bytes, std::string_view tail);
  std::optional<Part> next();
  std::optional<PartialHead> partial() const;
  void set_body(Body body, uint64_t length_bytes);
  void gap(int64_t time_ns, uint64_t length_bytes);
  void go_opaque();  // both ends agreed to leave HTTP

  // Returns true within a message whose end cannot be detected: its head was cut, it has no length, or chunks are
  // missing.
  bool adrift() const {
    return in_message_ && (state_ == State::Lost || state_ == State::ChunkedLost || state_ == State::UntilClose);
  }
  // Allows a message to begin anywhere in a segment while the reader is lost. Used when messages follow each other
  // without a pause. Otherwise a message begins only where a segment begins, because similar bytes may be text in a
  // body.
  void look_within_segments() { within_segments_ = true; }
  // Returns true if the last segment held no part of a head.
  bool only_body() const { return only_body_; }
  bool between_messages() const { return state_ == State::Head && text_.empty(); }
  void abandon() { in_message_ = false, state_ = State::Lost; }  // the caller knows that the current message has ended
  uint64_t take_resyncs();
  // true: bytes outside of the capture policy's gaps were missing, or the reader lost its position
  bool take_accident();

 private:
  enum class State : uint8_t {
    Head,
    Sized,
    ChunkSize,
    ChunkData,
    ChunkEnd,
    Trailers,
    UntilClose,
    Opaque,
    ChunkedLost,  // within a chunked body; the position within the chunks is unknown
    Lost,
  };
  std::optional<Part> step();
  std::optional<Part> head();
  std::optional<Part> chunk_line();
  std::optional<Part> pass_gap();
  std::optional<Part> end();
  bool ends_chunks() const;
  uint32_t offset() const;
  std::optional<Part> resume();
  std::optional<std::string_view> line();
  void lose(State state);
  bool begins_message() const;
  void skip_to_message();

  From from_;
  State state_ = State::Head;
  int64_t time_ns_ = 0, begin_ns_ = 0;
  std::string_view input_, tail_;
  const char* segment_begin_ = nullptr;
  uint64_t segment_bytes_ = 0;
  uint32_t begin_offset_ = 0;
  uint64_t gap_bytes_ = 0;
  uint64_t left_ = 0;        // the remaining bytes of a body or chunk
  std::string text_;         // a head that spans several segments, or the line of a chunk
  bool body_due_ = false;    // a head was returned and set_body() has not been called
  bool in_message_ = false;  // the head of a message was returned, and its end was not
  bool accident_ = false, saw_accident_ = false, missed_ = false;
  bool only_body_ = false, within_segments_ = false;
  uint64_t resyncs_ = 0;
};

}  // namespace culprit::http
