#include "protocol/http/reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "protocol/http/head.h"

namespace culprit::http {

namespace {

constexpr size_t kMaxHead = 1u << 16;  // the capture's limit; servers accept heads of 8 to 64 KiB
constexpr size_t kMaxLine = 256;       // limit of the line with a chunk's size and extensions
constexpr std::string_view kLastChunk = "0\r\n\r\n";
// The number of last bytes that are kept of a body with missing chunks. The last chunk may arrive in several segments
// and with trailers.
constexpr size_t kMaxTrailers = 1024;

// Returns the position after the empty line that ends a head, searching from `from`; 0: there is no such line.
size_t head_end(std::string_view text, size_t from) {
  for (size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return 0;
}

}  // namespace

void Reader::begin_segment(int64_t time_ns, std::string_view head, uint64_t gap_bytes, std::string_view tail) {
  time_ns_ = time_ns;
  input_ = head;
  gap_bytes_ = gap_bytes;
  tail_ = tail;
  segment_begin_ = head.data();
  segment_bytes_ = head.size() + gap_bytes + tail.size();
  only_body_ = state_ != State::Head;
}

std::optional<Part> Reader::next() {
  CHECK(!body_due_, "set_body() must follow a head");
  for (;;) {
    if (state_ == State::Sized && left_ == 0) return end();  // the message has no body
    if (std::exchange(missed_, false)) return Part{Part::Kind::Missed, {}, false, time_ns_, 0};
    while (!input_.empty())
      if (std::optional<Part> part = step()) return part;
    if (gap_bytes_ > 0) {
      if (std::optional<Part> part = pass_gap()) return part;
    } else if (tail_.empty()) {
      return std::nullopt;
    }
    if (input_.empty()) input_ = std::exchange(tail_, {});
  }
}

uint32_t Reader::offset() const {
  return static_cast<uint32_t>(segment_bytes_ - input_.size() - gap_bytes_ - tail_.size());
}

std::optional<PartialHead> Reader::partial() const {
  if (state_ != State::Head || text_.empty() || body_due_) return std::nullopt;
  return PartialHead{begin_ns_, begin_offset_};
}

// Makes one step over input_, which must not be empty: consumes some bytes or changes the state.
std::optional<Part> Reader::step() {
  switch (state_) {
    case State::Head: return head();
    case State::Sized:
    case State::ChunkData: {
      uint64_t here = std::min<uint64_t>(left_, input_.size());
      input_.remove_prefix(here);
      left_ -= here;
      if (left_ > 0) return std::nullopt;
      if (state_ == State::Sized) return end();
      state_ = State::ChunkEnd;
      return std::nullopt;
    }
    case State::ChunkSize:
    case State::ChunkEnd:
    case State::Trailers: return chunk_line();
    case State::UntilClose:
    case State::Opaque: input_ = {}; return std::nullopt;
    case State::ChunkedLost:
    case State::Lost: return resume();
  }
  return std::nullopt;
}

std::optional<Part> Reader::head() {
  if (text_.empty()) {
    // A server ignores empty lines before the first line (RFC 9112 §2.2).
    while (!input_.empty() && (input_[0] == '\r' || input_[0] == '\n')) input_.remove_prefix(1);
    if (input_.empty()) return std::nullopt;
    begin_ns_ = time_ns_;
    begin_offset_ = offset();
    only_body_ = false;
    if (size_t end = head_end(input_, 0); end > 0) {
      Part part{Part::Kind::Head, input_.substr(0, end), false, begin_ns_, begin_offset_};
      input_.remove_prefix(end);
      body_due_ = in_message_ = true;
      return part;
    }
  }
  size_t before = text_.size();
  text_ += input_.substr(0, kMaxHead - std::min(kMaxHead, before));
  size_t end = head_end(text_, before > 3 ? before - 3 : 0);
  bool overlong = end == 0 && text_.size() >= kMaxHead;
  if (end == 0 && !overlong) {
    input_ = {};
    return std::nullopt;
  }
  input_.remove_prefix(std::min(input_.size(), (end > 0 ? end : text_.size()) - before));
  if (end > 0) text_.resize(end);
  body_due_ = in_message_ = true;
  return Part{Part::Kind::Head, text_, overlong, begin_ns_, begin_offset_};
}

void Reader::set_body(Body body, uint64_t length_bytes) {
  CHECK(body_due_, "a body follows a head");
  body_due_ = false;
  text_.clear();
  left_ = length_bytes;
  switch (body) {
    case Body::None:
    case Body::Sized: state_ = State::Sized; break;
    case Body::Chunked: state_ = State::ChunkSize; break;
    case Body::UntilClose: state_ = State::UntilClose; break;
    case Body::Opaque: state_ = State::Opaque; break;
    case Body::Unknown: state_ = State::Lost; break;
  }
  if (body == Body::None) left_ = 0;
}

// Returns a line of the chunked coding (RFC 9112 §7.1), or none if the line continues in the next segment.
std::optional<std::string_view> Reader::line() {
  size_t end = input_.find('\n');
  std::string_view here = input_.substr(0, end == std::string_view::npos ? input_.size() : end + 1);
  input_.remove_prefix(here.size());
  text_ += here.substr(0, kMaxLine - std::min(kMaxLine, text_.size()));
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view whole = text_;
  while (!whole.empty() && (whole.back() == '\n' || whole.back() == '\r')) whole.remove_suffix(1);
  return whole;
}

std::optional<Part> Reader::chunk_line() {
  std::optional<std::string_view> text = line();
  if (!text) return std::nullopt;
  bool empty = text->empty();
  uint64_t size = 0;
  auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), size, 16);
  bool number = error == std::errc() && stop != text->data();
  text_.clear();
  if (state_ == State::Trailers) return empty ? end() : std::nullopt;
  if (state_ == State::ChunkEnd) {
    empty ? void(state_ = State::ChunkSize) : lose(State::ChunkedLost);
    return std::nullopt;
  }
  if (!number) {
    lose(State::ChunkedLost);
    return std::nullopt;
  }
  left_ = size;
  state_ = size == 0 ? State::Trailers : State::ChunkData;
  return std::nullopt;
}

std::optional<Part> Reader::end() {
  state_ = State::Head;
  left_ = 0;
  text_.clear();
  in_message_ = false;
  return Part{Part::Kind::End, {}, false, time_ns_, 0};
}

void Reader::go_opaque() {
  state_ = State::Opaque;
  text_.clear();
}

void Reader::lose(State state) {
  state_ = state;
  text_.clear();
  accident_ = saw_accident_ = true;
}

bool Reader::begins_message() const { return from_ == From::Client ? begins_request(input_) : begins_response(input_); }

// Skips bytes up to a possible start of a response.
void Reader::skip_to_message() {
  size_t at = 0;
  while (at < input_.size() && !begins_response(input_.substr(at))) at = input_.find("HTTP/1.", at + 1);
  input_.remove_prefix(std::min(at, input_.size()));
}

// Resumes after a gap: a message may begin where a segment begins. In a chunked body, the end of a segment may also be
// the end of the body.
std::optional<Part> Reader::resume() {
  if (within_segments_ && state_ == State::Lost) skip_to_message();
  if ((input_.data() == segment_begin_ || within_segments_) && begins_message()) {
    if (std::exchange(accident_, false)) ++resyncs_;
    if (in_message_) {
      Part part = *end();
      part.cut = true;
      return part;
    }
    state_ = State::Head;
    return std::nullopt;
  }
  if (state_ == State::ChunkedLost) {
    text_ += input_.substr(input_.size() - std::min(input_.size(), kMaxTrailers));
    if (text_.size() > kMaxTrailers) text_.erase(0, text_.size() - kMaxTrailers);
  }
  input_ = {};
  const bool last = gap_bytes_ == 0 && tail_.empty();
  if (state_ != State::ChunkedLost || !last || !ends_chunks()) return std::nullopt;
  if (std::exchange(accident_, false)) ++resyncs_;
  return end();
}

// Returns true if the last bytes are the last chunk with its trailers (RFC 9112 §7.1.2).
bool Reader::ends_chunks() const {
  std::string_view seen = text_;
  if (seen.ends_with(kLastChunk)) return true;
  if (!seen.ends_with("\r\n\r\n")) return false;
  const size_t zero = seen.rfind("\r\n0\r\n");
  if (zero == std::string_view::npos) return false;
  seen = seen.substr(zero + 5, seen.size() - zero - 7);
  while (!seen.empty()) {  // each line must be a trailer field "NAME: VALUE"
    const size_t end = seen.find("\r\n"), colon = seen.find(':');
    if (end == std::string_view::npos || colon == std::string_view::npos || colon == 0 || colon > end) return false;
    if (seen.substr(0, colon).find(' ') != std::string_view::npos) return false;
    seen.remove_prefix(end + 2);
  }
  return true;
}

std::optional<Part> Reader::pass_gap() {
  uint64_t missing = std::exchange(gap_bytes_, 0);
  const bool counted = state_ == State::Sized || state_ == State::ChunkData;
  if (state_ != State::UntilClose && state_ != State::Opaque && !(counted && missing <= left_)) missed_ = true;
  switch (state_) {
    case State::Head: {
      if (text_.empty()) {
        lose(State::Lost);
        return std::nullopt;
      }
      body_due_ = in_message_ = true;
      return Part{Part::Kind::Head, text_, true, begin_ns_, begin_offset_};
    }
    case State::Sized:
    case State::ChunkData: {
      bool sized = state_ == State::Sized;
      if (missing < left_ || (missing == left_ && !sized)) {
        left_ -= missing;
        if (left_ == 0) state_ = State::ChunkEnd;
        return std::nullopt;
      }
      bool exact = missing == left_;
      if (!sized) {
        state_ = State::ChunkedLost;
        text_.clear();
        return std::nullopt;
      }
      Part part = *end();
      if (!exact) lose(State::Lost);
      return part;
    }
    case State::ChunkSize:
    case State::ChunkEnd:
    case State::Trailers:
    case State::ChunkedLost:
      state_ = State::ChunkedLost;
      text_.clear();
      return std::nullopt;
    default: return std::nullopt;
  }
}

void Reader::gap(int64_t time_ns, uint64_t length_bytes) {
  bool plain = state_ == State::UntilClose || state_ == State::Opaque;
  // A gap of unknown length takes the whole rest of the body and at least one byte more.
  bool counted = state_ == State::Sized || state_ == State::ChunkData;
  uint64_t missing = length_bytes > 0 ? length_bytes : counted && left_ < UINT64_MAX ? left_ + 1 : 1;
  begin_segment(time_ns, {}, missing, {});
  if (!plain) accident_ = saw_accident_ = true;
}

uint64_t Reader::take_resyncs() { return std::exchange(resyncs_, 0); }
bool Reader::take_accident() { return std::exchange(saw_accident_, false); }

}  // namespace culprit::http
