// Reader: one direction of a PostgreSQL connection, as messages, over any cut into segments and across gaps.
//
//   begin_segment() ──▶ next() next() … until nothing is left of the segment
//
//   in step:  head ─▶ body (kept as far as it is worth, the rest counted down, also through a gap) ─▶ head …
//   lost:     a gap took a head, or what stands here is no head. Found again at three valid messages in a row; at a run
//             of messages that ends where its segment ends; at the end of a server's segment that is ReadyForQuery.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/postgresql/frame.h"

namespace culprit::postgresql {

constexpr char kAnswer = '\1';  // the tag we give to a server's single byte that answers an SSLRequest
// The tag of no message: here others may have gone by unseen, in a gap in which at least one of them began or ended.
constexpr char kMissed = '\2';

struct Message {
  char tag;
  std::string_view body;  // what was kept of its beginning; good until the next call
  uint32_t body_size;
  int64_t begin_ns;       // the segment of its first byte
  uint32_t begin_offset;  // of its first byte in that segment
  uint64_t size_bytes;    // head and body
};

// A message that has begun and is not whole.
struct PartialMessage {
  char tag;
  int64_t begin_ns;
  uint32_t begin_offset;
};

class Reader {
 public:
  explicit Reader(From from) : from_(from) {}

  // `gap_bytes` were not captured between head and tail.
  void begin_segment(int64_t time_ns, std::string_view head, uint64_t gap_bytes, std::string_view tail);
  std::optional<Message> next();
  std::optional<PartialMessage> partial() const;

  // So many bytes (0: unknown) are missing, and nothing is known of them. A message whose end lies there is lost, except
  // for its beginning: next() hands it out.
  void gap(int64_t time_ns, uint64_t length_bytes);

  void expect_answer() { answer_ = true; }  // SSLRequest was sent: the next byte is no message
  bool lost() const { return lost_; }
  // Times that it found its place after an accident: a gap that was not planned, or bytes that are no message. That the capture
  // keeps head and tail of a long answer is none.
  uint64_t take_resyncs();
  uint64_t take_skipped();  // bytes that went by while it was lost
  bool take_accident();     // whether there was one
  // Bytes of the connection's messages, and no part of one under way.
  bool between_messages() const { return !lost_ && !head_ && head_size_ == 0; }

 private:
  std::optional<Message> advance();
  std::optional<Message> complete(std::string_view body);
  void read_head_bytes();
  std::optional<Message> pass_gap();
  enum class Loss : uint8_t { Capture, Accident };
  void lose(Loss loss);
  void find_again();
  uint32_t offset() const;
  bool found_at(std::string_view piece, size_t at) const;

  From from_;
  int64_t time_ns_ = 0;
  std::string_view input_, tail_;  // what is left of the segment
  uint64_t gap_bytes_ = 0;         // between input_ and tail_
  const char* segment_begin_ = nullptr;
  uint64_t segment_bytes_ = 0;

  char head_bytes_[8] = {};  // of a message whose head is not whole yet
  size_t head_size_ = 0;     // how many of them
  std::optional<Head> head_;
  int64_t begin_ns_ = 0;
  uint32_t begin_offset_ = 0;
  uint32_t body_left_ = 0, keep_left_ = 0;
  std::string body_;  // of a message that one segment does not hold
  bool answer_ = false, lost_ = false, accident_ = false, saw_accident_ = false, missed_ = false;
  uint64_t resyncs_ = 0, skipped_bytes_ = 0;
};

}  // namespace culprit::postgresql
