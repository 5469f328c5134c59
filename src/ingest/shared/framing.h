// Framing: cuts a stream of bytes into pieces that are decoded one by one: lines, JSON values, length-prefixed
// messages.
//
// Text in UTF-16 is converted to UTF-8. A piece is a view into the buffer, valid until the next call. At least kPadding
// readable bytes follow it (simdjson reads past the end). A piece longer than the limit is skipped or spilled. Skipped:
// its text is empty and `too_long` is set. Spilled: its text is a view of a file on disk, without padding, and `spilled`
// is set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/shared/byte_source.h"
#include "ingest/shared/spilled_text.h"
#include "ingest/shared/utf16.h"

namespace culprit {

struct Piece {
  std::string_view text;
  int64_t line = 0;  // line where it begins, from 1; for messages: number of the message
  bool too_long = false;
  bool cut = false;     // the stream ended inside the piece
  bool prefix = false;  // text on the line where the next piece begins
  const SpilledText* spilled = nullptr;
};

// What happens to a piece that is longer than the limit.
enum class TooLong : uint8_t { Skipped, Spilled };

class Framing {
 public:
  static constexpr size_t kPadding = 64;  // SIMDJSON_PADDING of simdjson 3.0

  Framing(ByteSource source, size_t max_piece_bytes) : source_(std::move(source)), max_piece_bytes_(max_piece_bytes) {}

  const ByteSource& source() const { return source_; }
  // The number of unpaired surrogates in UTF-16 text, each replaced; whether the text ends inside a character.
  int64_t replaced_halves() const { return utf16_ ? utf16_->replaced() : 0; }
  bool ends_in_character() const { return utf16_ && utf16_->cut(); }

  // Returns the next bytes without consuming them; fewer than asked for at the end of the stream.
  Result<std::string_view> peek(size_t size_bytes);

  // Consumes bytes that peek() returned.
  void skip(size_t size_bytes) { begin_ += size_bytes; }

  // Returns the text before the next newline (or the end), without its LF or CR LF.
  Result<std::optional<Piece>> next_line(TooLong too_long = TooLong::Skipped);
  // Returns the next object of a sequence of JSON objects. Objects may be separated by newlines, by commas or by
  // nothing, or be members of an array at the top. Text that is no object is returned with the remainder of its line,
  // so that the decoder refuses it.
  Result<std::optional<Piece>> next_json(TooLong too_long = TooLong::Skipped);
  // Returns the next message after a 4-byte big-endian length, the format of the Collector's file exporter.
  Result<std::optional<Piece>> next_message();
  // Returns all remaining text.
  Result<std::optional<Piece>> rest();

 private:
  Result<bool> fill();  // false: the stream has ended
  Result<size_t> read_bytes(char* out, size_t room);
  Result<size_t> read_text(char* out, size_t room);
  size_t unread() const { return end_ - begin_; }
  char at(size_t offset) const { return buffer_[begin_ + offset]; }
  Piece take(size_t size_bytes, size_t separator_bytes);
  Result<void> skip_separators();
  Result<size_t> object_at_end_of_line();
  Result<void> leave(size_t size_bytes, TooLong too_long);
  Result<Piece> finish(Piece piece, bool was_left);

  std::optional<SpilledText> spilled_;  // the piece that was returned last
  ByteSource source_;
  std::optional<Utf16> utf16_;  // none: the bytes are not UTF-16
  std::string text_;            // converted text that is not in the buffer yet
  bool begun_ = false;
  size_t max_piece_bytes_;
  std::string buffer_;  // [begin_, end_) is unread
  size_t begin_ = 0, end_ = 0;
  int64_t line_ = 1;
};

// Finds where the JSON value at the front of `text` ends, using brackets and quotes only; the text is passed in parts.
class JsonEnd {
 public:
  // Scans `text`; returns the offset behind the value's last byte, or npos if the value continues.
  size_t find(std::string_view text);

 private:
  int64_t depth_ = 0;
  bool in_string_ = false, escaped_ = false, in_scalar_ = false;
};

}  // namespace culprit
