#include "ingest/shared/framing.h"

#include <algorithm>
#include <cstring>

#include "base/cursor.h"

namespace culprit {

namespace {

// Large enough to read a 5 MB line in few calls, and small compared with the memory of the process.
constexpr size_t kFillBytes = 1 << 20;
// For a file in UTF-16: the largest amount of text that fits into the space of a fill.
constexpr size_t kUtf16Bytes = kFillBytes / 2;

bool separates(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']'; }

}  // namespace

size_t JsonEnd::find(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\')
        escaped_ = true;
      else if (c == '"')
        in_string_ = false;
      if (!in_string_ && depth_ == 0) return i + 1;
      continue;
    }
    if (in_scalar_ && (separates(c) || c == '{' || c == '}' || c == '"')) return i;
    if (c == '"')
      in_string_ = true;
    else if (c == '{' || c == '[')
      ++depth_;
    else if (c == '}' || c == ']')
      --depth_;
    else if (depth_ == 0)
      in_scalar_ = true;
    if ((c == '}' || c == ']') && depth_ <= 0) return i + 1;
  }
  return std::string_view::npos;
}

Result<bool> Framing::fill() {
  if (begin_ > 0 && begin_ == end_) begin_ = end_ = 0;
  if (end_ + kFillBytes + kPadding > buffer_.size()) {
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, unread());
    end_ -= begin_;
    begin_ = 0;
    // The buffer is doubled, so that a long piece is not copied at each fill.
    if (end_ + kFillBytes + kPadding > buffer_.size()) buffer_.resize(2 * end_ + kFillBytes + kPadding);
  }
  size_t size_bytes =
      TRY(utf16_ ? read_text(buffer_.data() + end_, kFillBytes) : read_bytes(buffer_.data() + end_, kFillBytes));
  end_ += size_bytes;
  return size_bytes > 0;
}

// The first read of the file shows whether it is UTF-16 text.
Result<size_t> Framing::read_bytes(char* out, size_t room) {
  size_t there = TRY(source_.read(out, room));
  if (begun_) return there;
  while (there > 0 && there < Utf16::kMarkBytes) {
    size_t more = TRY(source_.read(out + there, room - there));
    if (more == 0) break;
    there += more;
  }
  begun_ = true;
  utf16_ = Utf16::by_mark(std::string_view(out, std::min(there, Utf16::kMarkBytes)));
  if (!utf16_) return there;
  utf16_->append(std::string_view(out, there), text_);
  return read_text(out, room);
}

Result<size_t> Framing::read_text(char* out, size_t room) {
  while (text_.empty()) {
    std::string bytes(kUtf16Bytes, '\0');
    bytes.resize(TRY(source_.read(bytes.data(), bytes.size())));
    if (bytes.empty()) return size_t{0};
    utf16_->append(bytes, text_);
  }
  size_t size_bytes = std::min(room, text_.size());
  std::memcpy(out, text_.data(), size_bytes);
  text_.erase(0, size_bytes);
  return size_bytes;
}

Result<std::string_view> Framing::peek(size_t size_bytes) {
  while (unread() < size_bytes && TRY(fill())) {
  }
  return std::string_view(buffer_).substr(begin_, std::min(unread(), size_bytes));
}

Piece Framing::take(size_t size_bytes, size_t separator_bytes) {
  Piece piece{std::string_view(buffer_).substr(begin_, size_bytes), line_, false, false};
  begin_ += size_bytes + separator_bytes;
  return piece;
}

// Removes the front of a piece that is longer than the limit from the buffer.
Result<void> Framing::leave(size_t size_bytes, TooLong too_long) {
  if (too_long == TooLong::Spilled) {
    if (!spilled_) spilled_ = TRY(SpilledText::create());
    TRY(spilled_->append(std::string_view(buffer_).substr(begin_, size_bytes)));
  }
  begin_ += size_bytes;
  return {};
}

// `piece` is the text in the buffer. If its front was removed, the whole piece is on disk or lost.
Result<Piece> Framing::finish(Piece piece, bool was_left) {
  piece.too_long = was_left || piece.text.size() > max_piece_bytes_;
  if (spilled_) {
    TRY(spilled_->append(piece.text));
    piece.text = TRY(spilled_->map());
    piece.spilled = &*spilled_;
    piece.too_long = false;
  } else if (piece.too_long) {
    piece.text = {};
  }
  return piece;
}

Result<std::optional<Piece>> Framing::next_line(TooLong too_long) {
  size_t seen = 0;  // unread bytes that contain no newline
  bool was_left = false;
  spilled_.reset();
  while (true) {
    const char* from = buffer_.data() + begin_;
    const void* found = unread() > seen ? std::memchr(from + seen, '\n', unread() - seen) : nullptr;
    size_t length = found ? static_cast<size_t>(static_cast<const char*>(found) - from) : unread();
    bool last = found == nullptr && !TRY(fill());
    if (found == nullptr && !last) {
      seen = length;
      if (seen > max_piece_bytes_) {
        was_left = true;
        TRY(leave(seen, too_long));
        seen = 0;
      }
      continue;
    }
    if (last && length == 0 && !was_left) return std::optional<Piece>();
    if (length > max_piece_bytes_ && too_long == TooLong::Spilled) {
      TRY(leave(length, too_long));
      length = 0;
    }
    Piece piece = take(length, found ? 1 : 0);
    if (piece.text.ends_with('\r')) piece.text.remove_suffix(1);
    piece = TRY(finish(piece, was_left));
    ++line_;
    return std::optional<Piece>(piece);
  }
}

Result<void> Framing::skip_separators() {
  while (true) {
    while (begin_ < end_ && separates(buffer_[begin_])) line_ += buffer_[begin_++] == '\n';
    if (begin_ < end_ || !TRY(fill())) return {};
  }
}

// Returns where the object begins on a line that ends with "{": "INFO: {" is a logger's prefix before an object of
// several lines. Returns 0 for other lines.
Result<size_t> Framing::object_at_end_of_line() {
  constexpr size_t kPrefixBytes = 1024;
  std::string_view line = TRY(peek(kPrefixBytes));
  line = line.substr(0, line.find('\n'));
  size_t last = line.find_last_not_of(" \t\r");
  bool opens = last != std::string_view::npos && line[last] == '{' && line.size() < kPrefixBytes;
  return opens && line.find('"') == std::string_view::npos ? last : 0;
}

Result<std::optional<Piece>> Framing::next_json(TooLong too_long) {
  spilled_.reset();
  TRY(skip_separators());
  if (unread() == 0) return std::optional<Piece>();
  if (at(0) != '{') {  // no object begins here: the whole line is damaged, and counted once
    size_t opening = TRY(object_at_end_of_line());
    if (opening == 0) return next_line(too_long);
    Piece piece = take(opening, 0);
    piece.prefix = true;
    return std::optional<Piece>(piece);
  }
  JsonEnd end;
  size_t seen = 0;
  bool was_left = false;
  int64_t line = line_;
  while (true) {
    std::string_view fresh = std::string_view(buffer_).substr(begin_ + seen, unread() - seen);
    size_t found = end.find(fresh);
    line_ += std::count(
        fresh.begin(),
        found == std::string_view::npos ? fresh.end() : fresh.begin() + static_cast<std::ptrdiff_t>(found), '\n');
    seen += found == std::string_view::npos ? fresh.size() : found;
    if (seen > max_piece_bytes_ && (found == std::string_view::npos || too_long == TooLong::Spilled)) {
      was_left = true;
      TRY(leave(seen, too_long));
      seen = 0;
    }
    bool cut = found == std::string_view::npos && !TRY(fill());
    if (found == std::string_view::npos && !cut) continue;
    Piece piece = take(seen, 0);
    piece.line = line;
    piece.cut = cut;
    return std::optional<Piece>(TRY(finish(piece, was_left)));
  }
}

Result<std::optional<Piece>> Framing::next_message() {
  std::string_view prefix = TRY(peek(4));
  if (prefix.empty()) return std::optional<Piece>();
  Cursor cursor(prefix);
  size_t size_bytes = cursor.u32_be();
  if (cursor.failed()) {
    Piece piece = take(unread(), 0);
    piece.cut = true;
    piece.line = line_++;
    return std::optional<Piece>(piece);
  }
  begin_ += 4;
  if (size_bytes > max_piece_bytes_) {
    for (size_t left = size_bytes; left > 0;) {
      if (unread() == 0 && !TRY(fill())) break;
      size_t step = std::min(left, unread());
      begin_ += step;
      left -= step;
    }
    return std::optional<Piece>(Piece{{}, line_++, true, false});
  }
  size_t there = TRY(peek(size_bytes)).size();
  Piece piece = take(there, 0);
  piece.cut = there < size_bytes;
  piece.line = line_++;
  return std::optional<Piece>(piece);
}

Result<std::optional<Piece>> Framing::rest() {
  std::string_view text = TRY(peek(max_piece_bytes_ + 1));
  if (text.empty()) return std::optional<Piece>();
  Piece piece = take(text.size(), 0);
  if (text.size() <= max_piece_bytes_) return std::optional<Piece>(piece);
  begin_ = end_ = 0;
  while (TRY(fill())) begin_ = end_ = 0;
  return std::optional<Piece>(Piece{{}, 1, true, false});
}

}  // namespace culprit
