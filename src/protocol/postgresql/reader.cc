#include "protocol/postgresql/reader.h"

#include <algorithm>
#include <utility>

namespace culprit::postgresql {

namespace {

// Returns the number of bytes of a body that the conversation needs. Passwords, parameter values, rows and COPY data
// are not collected. Of a statement, more bytes are kept than any name needs; of an error, its first fields.
uint32_t worth_keeping(From from, char tag) {
  if (from == From::Client) {
    switch (tag) {
      case 'Q':
      case 'P': return 1u << 15;
      case kStartup: return 1024;
      case 'B': return 160;  // two names with at most 63 bytes each (NAMEDATALEN)
      case 'E':
      case 'D':
      case 'C': return 80;
      default: return 0;
    }
  }
  switch (tag) {
    case 'C':
    case 'E':
    case 'S': return 96;
    case 'Z': return 1;
    case kAnswer: return 1;
    default: return 0;
  }
}

}  // namespace

void Reader::begin_segment(int64_t time_ns, std::string_view head, uint64_t gap_bytes, std::string_view tail) {
  time_ns_ = time_ns;
  input_ = head;
  gap_bytes_ = gap_bytes;
  tail_ = tail;
  segment_begin_ = head.data();
  segment_bytes_ = head.size() + gap_bytes + tail.size();
  // Random bytes may be taken for a very large length. The end of an answer in this segment shows such a mistake.
  bool ends_answer = from_ == From::Server && ends_ready(tail.empty() && gap_bytes == 0 ? head : tail);
  if (head_ && ends_answer && body_left_ > head.size() + gap_bytes + tail.size()) lose(Loss::Accident);
}

std::optional<Message> Reader::next() {
  for (;;) {
    if (std::exchange(missed_, false)) return Message{kMissed, {}, 0, time_ns_, 0, 0};
    if (std::optional<Message> message = advance()) return message;
    if (!input_.empty()) continue;
    if (gap_bytes_ > 0) {
      if (std::optional<Message> message = pass_gap()) return message;
    } else if (tail_.empty()) {
      return std::nullopt;
    }
    if (input_.empty()) input_ = std::exchange(tail_, {});
  }
}

uint32_t Reader::offset() const {
  return static_cast<uint32_t>(segment_bytes_ - input_.size() - gap_bytes_ - tail_.size());
}

std::optional<PartialMessage> Reader::partial() const {
  if (lost_ || (!head_ && head_size_ == 0)) return std::nullopt;
  return PartialMessage{head_ ? head_->tag : head_bytes_[0], begin_ns_, begin_offset_};
}

// Makes one step over input_: consumes at least one byte, or input_ is empty.
std::optional<Message> Reader::advance() {
  if (lost_) find_again();
  if (input_.empty()) return std::nullopt;
  if (answer_) {
    answer_ = false;
    std::string_view byte = input_.substr(0, 1);
    input_.remove_prefix(1);
    return Message{kAnswer, byte, 1, time_ns_, 0, 1};
  }
  if (!head_) {
    if (head_size_ == 0) {
      begin_ns_ = time_ns_;
      begin_offset_ = offset();
    }
    read_head_bytes();
    if (!head_) return std::nullopt;
    body_left_ = head_->body_size;
    keep_left_ = std::min(worth_keeping(from_, head_->tag), body_left_);
    body_.clear();
    if (head_size_ > head_->size) {  // the code of a startup packet was read with the head
      body_.assign(head_bytes_ + head_->size, head_size_ - head_->size);
      body_left_ -= static_cast<uint32_t>(body_.size());
      keep_left_ -= static_cast<uint32_t>(body_.size());
    }
  }
  std::string_view here = input_.substr(0, body_left_);
  input_.remove_prefix(here.size());
  body_left_ -= static_cast<uint32_t>(here.size());
  std::string_view kept = here.substr(0, keep_left_);
  if (body_left_ == 0 && body_.empty()) return complete(kept);
  body_ += kept;
  keep_left_ -= static_cast<uint32_t>(kept.size());
  if (body_left_ == 0) return complete(body_);
  return std::nullopt;
}

std::optional<Message> Reader::complete(std::string_view body) {
  Message message{head_->tag, body,          head_->body_size,
                  begin_ns_,  begin_offset_, uint64_t{head_->size} + head_->body_size};
  head_.reset();
  head_size_ = 0;
  return message;
}

// Reads bytes of input_ until the head is complete.
void Reader::read_head_bytes() {
  for (;;) {
    std::string_view bytes = head_size_ == 0 ? input_ : std::string_view(head_bytes_, head_size_);
    auto head = read_head(from_, bytes);
    if (std::holds_alternative<OutOfStep>(head)) {
      lose(Loss::Accident);
      return;
    }
    if (const Head* valid = std::get_if<Head>(&head)) {
      head_ = *valid;
      if (head_size_ == 0) input_.remove_prefix(valid->size);
      return;
    }
    if (input_.empty()) return;
    if (head_size_ < sizeof head_bytes_) head_bytes_[head_size_++] = input_.front();
    input_.remove_prefix(1);
  }
}

void Reader::lose(Loss loss) {
  head_.reset();
  head_size_ = 0;
  body_.clear();
  lost_ = true;
  accident_ |= loss == Loss::Accident;
  saw_accident_ |= loss == Loss::Accident;
}

std::optional<Message> Reader::pass_gap() {
  uint64_t missing = std::exchange(gap_bytes_, 0);
  if (lost_) skipped_bytes_ += missing;
  if (missing > 0 && (lost_ || !head_ || missing > body_left_)) missed_ = true;
  if (lost_ || !head_) {
    lose(Loss::Capture);
    return std::nullopt;
  }
  keep_left_ = 0;
  if (missing < body_left_) {
    body_left_ -= static_cast<uint32_t>(missing);
    return std::nullopt;
  }
  bool exact = missing == body_left_;
  skipped_bytes_ += missing - body_left_;
  Message message = *complete(body_);
  lost_ = !exact;
  return message;
}

void Reader::gap(int64_t time_ns, uint64_t length_bytes) {
  // A gap of unknown length takes the whole rest of the current message and at least one byte more.
  uint64_t missing = length_bytes > 0 ? length_bytes : uint64_t{body_left_} + 1;
  begin_segment(time_ns, {}, missing, {});
  accident_ = saw_accident_ = true;
}

// Returns true if messages begin at position `at` of a segment while the reader is lost.
bool Reader::found_at(std::string_view piece, size_t at) const {
  constexpr size_t kBelieved = 3;  // random bytes: two in a row occur once in 10^4 bytes, three once in 10^6
  std::string_view bytes = piece.substr(at);
  Chain chain = follow(from_, bytes, kBelieved);
  if (chain.messages >= kBelieved) return true;
  if (chain.messages == 0 || chain.broken) return false;
  uint64_t after = gap_bytes_ + tail_.size();
  if (chain.size_bytes != bytes.size() + after) return false;
  if (from_ == From::Server) return after == 0 && chain.last == 'Z' && ends_ready(bytes);
  // A client's call ends with a message that asks for an answer. In random bytes, a length that fits exactly occurs
  // once in 10^9 bytes. A message that reaches into a gap is accepted only at the start of a call.
  const bool asks = chain.last == kStartup || std::string_view("QSXcf").find(chain.last) != std::string_view::npos;
  return asks && (after == 0 || bytes.data() == segment_begin_);
}

void Reader::find_again() {
  for (size_t at = 0; at + kHeadSize <= input_.size(); ++at) {
    if (!found_at(input_, at)) continue;
    input_.remove_prefix(at);
    skipped_bytes_ += at;
    lost_ = false;
    if (std::exchange(accident_, false)) ++resyncs_;
    return;
  }
  skipped_bytes_ += input_.size();
  input_ = {};
}

uint64_t Reader::take_resyncs() { return std::exchange(resyncs_, 0); }
uint64_t Reader::take_skipped() { return std::exchange(skipped_bytes_, 0); }
bool Reader::take_accident() { return std::exchange(saw_accident_, false); }

}  // namespace culprit::postgresql
