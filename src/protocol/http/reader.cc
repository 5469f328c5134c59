#include "protocol/http/reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "protocol/http/head.h"

namespace culprit::http {

namespace {

constexpr size_t kMaxHead = 1u << 15;  // servers take 8 to 32 KiB; of a longer head the rest is not looked at
constexpr size_t kMaxLine = 256;       // of a chunk's size with its extensions
constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Past the empty line that ends a head; 0: not there. `from`: where to begin to look.
size_t head_end(std::string_view text, size_t from) {
  for (size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return 0;
}

}  // namespace

void Reader::begin_segment(int64_t time_ns, std::string_view head, uint64_t hole_bytes, std::string_view tail) {
  time_ns_ = time_ns;
  input_ = head;
  hole_bytes_ = hole_bytes;
  tail_ = tail;
  segment_begin_ = head.data();
}

std::optional<Part> Reader::next() {
  CHECK(!body_due_, "set_body() must follow a head");
  for (;;) {
    if (state_ == State::Sized && left_ == 0) return end();  // no body at all
    while (!input_.empty())
      if (std::optional<Part> part = step()) return part;
    if (hole_bytes_ > 0) {
      if (std::optional<Part> part = pass_hole()) return part;
    } else if (tail_.empty()) {
      return std::nullopt;
    }
    if (input_.empty()) input_ = std::exchange(tail_, {});
  }
}

// One step over input_, which is not empty: some of it goes, or the state changes.
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
    // Empty lines before a first line are ignored (RFC 9112 §2.2).
    while (!input_.empty() && (input_[0] == '\r' || input_[0] == '\n')) input_.remove_prefix(1);
    if (input_.empty()) return std::nullopt;
    begin_ns_ = time_ns_;
    if (size_t end = head_end(input_, 0); end > 0) {
      Part part{Part::Kind::Head, input_.substr(0, end), false, begin_ns_};
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
  return Part{Part::Kind::Head, text_, overlong, begin_ns_};
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

// A line of the chunked coding (RFC 9112 §7.1); none: it goes on in the next segment.
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
  return Part{Part::Kind::End, {}, false, time_ns_};
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

// Lost: a message begins where a segment does. In a chunked body, the end of a segment may also be that of the body.
std::optional<Part> Reader::resume() {
  if (input_.data() == segment_begin_ && begins_message()) {
    if (std::exchange(accident_, false)) ++resyncs_;
    if (in_message_) return end();
    state_ = State::Head;
    return std::nullopt;
  }
  bool last = hole_bytes_ == 0 && tail_.empty();
  bool ends_body = state_ == State::ChunkedLost && last && input_.ends_with(kLastChunk);
  input_ = {};
  if (!ends_body) return std::nullopt;
  if (std::exchange(accident_, false)) ++resyncs_;
  return end();
}

std::optional<Part> Reader::pass_hole() {
  uint64_t missing = std::exchange(hole_bytes_, 0);
  switch (state_) {
    case State::Head: {
      if (text_.empty()) {
        lose(State::Lost);
        return std::nullopt;
      }
      body_due_ = in_message_ = true;
      return Part{Part::Kind::Head, text_, true, begin_ns_};
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
        return std::nullopt;
      }
      Part part = *end();
      if (!exact) lose(State::Lost);
      return part;
    }
    case State::ChunkSize:
    case State::ChunkEnd:
    case State::Trailers:
      state_ = State::ChunkedLost;
      text_.clear();
      return std::nullopt;
    default: return std::nullopt;
  }
}

void Reader::hole(int64_t time_ns, uint64_t length_bytes) {
  bool plain = state_ == State::UntilClose || state_ == State::Opaque;
  // Of an unknown number it takes the rest of the body, and more.
  bool counted = state_ == State::Sized || state_ == State::ChunkData;
  uint64_t missing = length_bytes > 0 ? length_bytes : counted && left_ < UINT64_MAX ? left_ + 1 : 1;
  begin_segment(time_ns, {}, missing, {});
  if (!plain) accident_ = saw_accident_ = true;
}

uint64_t Reader::take_resyncs() { return std::exchange(resyncs_, 0); }
bool Reader::take_accident() { return std::exchange(saw_accident_, false); }

}  // namespace culprit::http
