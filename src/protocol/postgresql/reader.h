// Reader: splits one direction of a PostgreSQL connection into messages, whatever the segmentation, and across gaps.
//
//   begin_segment() ──▶ next() next() … until the segment is consumed
//
// In step, the reader alternates between heads and bodies. It keeps the needed part of a body and counts the other
// bytes, also through a gap. The reader is lost when a gap took a head or when the bytes are no head. It resumes at
// three valid messages in a row, at a run of messages that ends with its segment, or at a server segment that ends with
// ReadyForQuery.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/postgresql/frame.h"

namespace culprit::postgresql {

constexpr char kAnswer = '\1';  // our tag for the server's single byte that answers an SSLRequest
// Not the tag of a message: marks a gap in which at least one message began or ended, so that messages may be missing.
constexpr char kMissed = '\2';

struct Message {
  char tag;
  std::string_view body;  // the kept first bytes; valid until the next call
  uint32_t body_size;
  int64_t begin_ns;       // the time of the segment with the first byte
  uint32_t begin_offset;  // the position of the first byte in that segment
  uint64_t size_bytes;    // size of head and body
};

// A message that has begun and is not complete.
struct PartialMessage {
  char tag;
  int64_t begin_ns;
  uint32_t begin_offset;
};

class Reader {
 public:
  explicit Reader(From from) : from_(from) {}

  // Begins a segment. `gap_bytes` were not captured between head and tail.
  void begin_segment(int64_t time_ns, std::string_view head, uint64_t gap_bytes, std::string_view tail);
  std::optional<Message> next();
  std::optional<PartialMessage> partial() const;

  // Notes that `length_bytes` (0: unknown) are missing. A message that ends within the gap is lost, except for its
  // start, which next() returns.
  void gap(int64_t time_ns, uint64_t length_bytes);

  void expect_answer() { answer_ = true; }  // an SSLRequest was sent: the next byte is not a message
  bool lost() const { return lost_; }
  // Returns how often the reader resumed after an unplanned gap or after bytes that are no message. The gap between
  // head and tail that the capture policy leaves does not count.
  uint64_t take_resyncs();
  uint64_t take_skipped();  // bytes that were skipped while the reader was lost
  bool take_accident();     // true: an unplanned gap occurred since the last call
  // Returns true if the reader is in step and no message is incomplete.
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
  std::string_view input_, tail_;  // the unread bytes of the segment
  uint64_t gap_bytes_ = 0;         // the gap between input_ and tail_
  const char* segment_begin_ = nullptr;
  uint64_t segment_bytes_ = 0;

  char head_bytes_[8] = {};  // the bytes of an incomplete head
  size_t head_size_ = 0;     // the number of valid bytes in head_bytes_
  std::optional<Head> head_;
  int64_t begin_ns_ = 0;
  uint32_t begin_offset_ = 0;
  uint32_t body_left_ = 0, keep_left_ = 0;
  std::string body_;  // the body of a message that spans several segments
  bool answer_ = false, lost_ = false, accident_ = false, saw_accident_ = false, missed_ = false;
  uint64_t resyncs_ = 0, skipped_bytes_ = 0;
};

}  // namespace culprit::postgresql
