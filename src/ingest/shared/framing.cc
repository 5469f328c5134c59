#include "ingest/shared/framing.h"

#include <algorithm>
#include <cstring>

#include "base/cursor.h"

namespace culprit {

namespace {

// Large enough that a 5 MB line costs few reads, small enough not to matter.
constexpr size_t kFillBytes = 1 << 20;

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
    if (in_scalar_ && (separates(c) || c == '{' || c == '"')) return i;
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
    // Doubling, so that a long piece is not copied once a fill.
    if (end_ + kFillBytes + kPadding > buffer_.size()) buffer_.resize(2 * end_ + kFillBytes + kPadding);
  }
  size_t size_bytes = TRY(source_.read(buffer_.data() + end_, kFillBytes));
  end_ += size_bytes;
  return size_bytes > 0;
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

Result<std::optional<Piece>> Framing::next_line() {
  size_t seen = 0;  // unread bytes known to hold no newline
  bool too_long = false;
  while (true) {
    const char* from = buffer_.data() + begin_;
    const void* found = unread() > seen ? std::memchr(from + seen, '\n', unread() - seen) : nullptr;
    size_t length = found ? static_cast<size_t>(static_cast<const char*>(found) - from) : unread();
    bool last = found == nullptr && !TRY(fill());
    if (found == nullptr && !last) {
      seen = length;
      if (seen > max_piece_bytes_) {
        too_long = true;
        begin_ += seen;
        seen = 0;
      }
      continue;
    }
    if (last && length == 0 && !too_long) return std::optional<Piece>();
    Piece piece = take(length, found ? 1 : 0);
    piece.too_long = too_long || length > max_piece_bytes_;
    if (piece.text.ends_with('\r')) piece.text.remove_suffix(1);
    if (piece.too_long) piece.text = {};
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

Result<std::optional<Piece>> Framing::next_json() {
  TRY(skip_separators());
  if (unread() == 0) return std::optional<Piece>();
  if (at(0) != '{') return next_line();  // no object begins here: the line is damaged, as a whole and once
  JsonEnd end;
  size_t seen = 0;
  bool too_long = false;
  int64_t line = line_;
  while (true) {
    std::string_view fresh = std::string_view(buffer_).substr(begin_ + seen, unread() - seen);
    size_t found = end.find(fresh);
    line_ += std::count(
        fresh.begin(),
        found == std::string_view::npos ? fresh.end() : fresh.begin() + static_cast<std::ptrdiff_t>(found), '\n');
    seen += found == std::string_view::npos ? fresh.size() : found;
    if (found == std::string_view::npos && seen > max_piece_bytes_) {
      too_long = true;
      begin_ += seen;
      seen = 0;
    }
    bool cut = found == std::string_view::npos && !TRY(fill());
    if (found == std::string_view::npos && !cut) continue;
    Piece piece = take(seen, 0);
    piece.line = line;
    piece.cut = cut;
    piece.too_long = too_long || piece.text.size() > max_piece_bytes_;
    if (piece.too_long) piece.text = {};
    return std::optional<Piece>(piece);
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
