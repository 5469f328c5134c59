#include "ingest/otlp/stream.h"

#include <simdjson.h>

#include <optional>

#include "base/cursor.h"
#include "ingest/otlp/json.h"
#include "ingest/otlp/proto.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_parser.h"

namespace culprit::otlp {

namespace {

struct Message {
  uint32_t length = 0;
  std::string_view front;  // start of the first message
};
std::optional<Message> first_message(std::string_view front) {
  using namespace std::string_view_literals;
  Cursor cursor(front);
  Message message{cursor.u32_be(), cursor.rest()};
  // The first byte of a length is 0 for lengths up to 16 MiB, and at most 4 for the allowed lengths: no text begins
  // with such a byte.
  if (cursor.failed() || message.length > (64u << 20) || message.front.empty()) return std::nullopt;
  bool known = is_proto(message.front) || message.front.starts_with("\x28\xb5\x2f\xfd"sv) ||
               message.front.front() == '{' || message.length == 0;
  return known ? std::optional(message) : std::nullopt;
}

Result<void> decode_json_message(JsonParser& parser, std::string_view text, Intake& intake) {
  JsonParser::Parsed parsed = parser.parse(text);
  note_mended(parsed, intake);
  if (parsed.root && is_json(*parsed.root)) {
    intake.piece_read();
    return decode_json(*parsed.root, intake);
  }
  intake.piece_unread(LedgerUnit::Request, parsed.root ? "it is JSON, but not OTLP" : parsed.reason);
  return {};
}

Result<void> decode_message(JsonParser& parser, std::string_view bytes, Intake& intake) {
  std::string plain;
  if (make_decompressor(bytes) != nullptr) {
    Result<std::string> decompressed = decompress(bytes, intake.options().max_piece_bytes);
    if (!decompressed.has_value()) {
      intake.piece_unread(LedgerUnit::Request, decompressed.error().message);
      return {};
    }
    plain = std::move(decompressed).value();
    plain.reserve(plain.size() + Framing::kPadding);
    bytes = plain;
  }
  if (bytes.starts_with('{')) return decode_json_message(parser, bytes, intake);
  return decode_proto(bytes, intake);
}

}  // namespace

// A protobuf request is {resource_x: field 1, length-delimited}, which contains {resource = 1 | scope_x = 2 |
// schema_url = 3}, all length-delimited.
bool is_proto(std::string_view front) {
  if (front.size() < 3 || front[0] != '\x0a') return false;
  size_t i = 1;
  while (i < front.size() && i < 6 && front[i] & '\x80') ++i;  // the length, a varint
  if (i + 1 >= front.size()) return false;
  char inner = front[i + 1];
  return inner == '\x0a' || inner == '\x12' || inner == '\x1a' || front[i] == '\0';
}

bool is_json_messages(std::string_view front) {
  auto message = first_message(front);
  return message && message->front.front() == '{';
}

bool is_proto_messages(std::string_view front) {
  auto message = first_message(front);
  return message && message->front.front() != '{';
}

Result<void> decode_proto_file(Framing& framing, Intake& intake) {
  std::optional<Piece> piece = TRY(framing.rest());
  if (!piece) return {};
  intake.at("message", 1);
  if (!intake.piece_fits(*piece, LedgerUnit::Request, framing.source().bytes_read())) return {};
  return decode_proto(piece->text, intake);
}

Result<void> decode_messages(Framing& framing, Intake& intake) {
  JsonParser parser;
  while (true) {
    std::optional<Piece> piece = TRY(framing.next_message());
    if (!piece) return {};
    intake.at("message", piece->line);
    if (!intake.piece_fits(*piece, LedgerUnit::Request, framing.source().bytes_read())) continue;
    if (piece->cut)
      intake.piece_unread(LedgerUnit::Request, "the file ends inside it");
    else
      TRY(decode_message(parser, piece->text, intake));
    TRY(intake.flush_if_full());
  }
}

}  // namespace culprit::otlp
