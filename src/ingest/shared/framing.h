// Framing: cuts a stream of bytes into the pieces that are decoded one by one: lines, JSON values, length-prefixed messages.
//
// A piece is a view into the buffer, good until the next call; at least kPadding readable bytes follow it (simdjson reads
// past the end). A piece longer than the limit is skipped, not kept: its text is empty and `too_long` set. Or it is laid aside
// on disk: then its text is a view of that, nothing need follow it, and `spilled` is set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/shared/byte_source.h"
#include "ingest/shared/spilled_text.h"

namespace culprit {

struct Piece {
  std::string_view text;
  int64_t line = 0;  // where it begins, from 1; for messages: its number
  bool too_long = false;
  bool cut = false;     // the stream ended inside it
  bool prefix = false;  // text on the line on which the next one begins
  const SpilledText* spilled = nullptr;
};

// What becomes of a piece that is longer than the limit.
enum class TooLong : uint8_t { Skipped, Spilled };

class Framing {
 public:
  static constexpr size_t kPadding = 64;  // SIMDJSON_PADDING of simdjson 3.0

  Framing(ByteSource source, size_t max_piece_bytes) : source_(std::move(source)), max_piece_bytes_(max_piece_bytes) {}

  const ByteSource& source() const { return source_; }

  // The next bytes without taking them: as many as asked for, fewer at the end.
  Result<std::string_view> peek(size_t size_bytes);

  // Takes bytes that were peeked at.
  void skip(size_t size_bytes) { begin_ += size_bytes; }

  // The text before the next newline (or the end), without "\n" or "\r\n".
  Result<std::optional<Piece>> next_line(TooLong too_long = TooLong::Skipped);
  // The next object of a sequence of JSON objects, however they are separated: by newlines, commas, nothing, or as members
  // of an array at the top. What begins like no object comes with the rest of its line, to be refused.
  Result<std::optional<Piece>> next_json(TooLong too_long = TooLong::Skipped);
  // The next message behind a 4-byte big-endian length, as the Collector's file exporter writes them.
  Result<std::optional<Piece>> next_message();
  // Everything that is left.
  Result<std::optional<Piece>> rest();

 private:
  Result<bool> fill();  // false: the stream has ended
  size_t unread() const { return end_ - begin_; }
  char at(size_t offset) const { return buffer_[begin_ + offset]; }
  Piece take(size_t size_bytes, size_t separator_bytes);
  Result<void> skip_separators();
  Result<size_t> object_at_end_of_line();
  Result<void> leave(size_t size_bytes, TooLong too_long);
  Result<Piece> finish(Piece piece, bool was_left);

  std::optional<SpilledText> spilled_;  // the piece that was handed out last
  ByteSource source_;
  size_t max_piece_bytes_;
  std::string buffer_;  // [begin_, end_) is unread
  size_t begin_ = 0, end_ = 0;
  int64_t line_ = 1;
};

// Where the JSON value that begins at the front of `text` ends, as far as brackets and quotes tell; fed piece by piece.
class JsonEnd {
 public:
  // Looks at `text`; returns the offset behind the value's last byte, or npos where it goes on.
  size_t find(std::string_view text);

 private:
  int64_t depth_ = 0;
  bool in_string_ = false, escaped_ = false, in_scalar_ = false;
};

}  // namespace culprit
