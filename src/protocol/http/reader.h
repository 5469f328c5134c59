// Reader: one direction of an HTTP/1.x connection, as heads and ends of messages; bodies are skipped, also through gaps.
//
//   begin_segment() ──▶ next(): Part::Head ──▶ the caller says what body follows: set_body() ──▶ next() … Part::End
//
// The caller knows what only both directions together tell: a response to HEAD has no body.
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
  Opaque,      // no more HTTP: CONNECT, Upgrade
  Unknown,     // the head was cut: the end is where the next message begins
};

struct Part {
  enum class Kind : uint8_t {
    Head,
    End,
    Missed,  // here messages may have gone by unseen, in a gap in which at least one of them may have begun or ended
  } kind;
  std::string_view text;  // of a head; good until the next call
  bool cut = false;       // of a head: not all of it was captured; of an end: it was not seen, the next message begins
  int64_t begin_ns = 0;   // the segment of the message's first byte
  uint32_t begin_offset = 0;  // of it in that segment
};

// A head that has begun and is not whole.
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
  void go_opaque();  // the other end agreed that this is HTTP no more

  // Within a message whose end it can't know: its head was cut, it has no length, or chunks are missing.
  bool adrift() const {
    return in_message_ && (state_ == State::Lost || state_ == State::ChunkedLost || state_ == State::UntilClose);
  }
  // Messages follow each other without a pause: while lost, one may begin anywhere in a segment. (Else it is where a segment
  // begins; what looks like one within a body may be its text.)
  void look_within_segments() { within_segments_ = true; }
  // Within a body: what was fed last held no head.
  bool only_body() const { return only_body_; }
  bool between_messages() const { return state_ == State::Head && text_.empty(); }
  void abandon() { in_message_ = false, state_ = State::Lost; }  // that message has ended, the caller says
  uint64_t take_resyncs();
  bool take_accident();  // bytes were missing that were not left out on purpose, or it lost its place

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
    ChunkedLost,  // within a chunked body, chunks not known
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
  uint64_t left_ = 0;        // of a body or chunk
  std::string text_;         // of a head that one segment does not hold, of a chunk's line
  bool body_due_ = false;    // a head was handed out, set_body() has not come
  bool in_message_ = false;  // a head was handed out whose end was not
  bool accident_ = false, saw_accident_ = false, missed_ = false;
  bool only_body_ = false, within_segments_ = false;
  uint64_t resyncs_ = 0;
};

}  // namespace culprit::http
