#include <simdjson.h>

#include "base/text.h"
#include "ingest/console/console.h"
#include "ingest/console/script.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_parser.h"

namespace culprit::console {

namespace {

// util.inspect prints a span over many lines; the first and the last line are a single brace.
bool opens(std::string_view line) { return line == "{"; }
bool closes(std::string_view line) { return line == "}"; }

Result<void> decode_literal(JsonParser& parser, std::string_view script, Intake& intake) {
  std::string json = json_of_script(script);
  json.reserve(json.size() + Framing::kPadding);
  JsonParser::Parsed parsed = parser.parse(json);
  if (parsed.root && is_json(*parsed.root)) {
    intake.piece_read();
    return decode_json(*parsed.root, intake);
  }
  intake.piece_unread(LedgerUnit::Request, "it is not a span of a console exporter", "a JavaScript object");
  return {};
}

}  // namespace

// Recognises a line that is a brace, followed by an unquoted key of a span.
bool is_node(std::string_view front) {
  bool open = false;
  for (std::string_view line : split(front, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    bool key = line.starts_with("  resource: {") || line.starts_with("  traceId: '") ||
               line.starts_with("  instrumentationScope: {") || line.starts_with("  instrumentationLibrary: {");
    if (open && key) return true;
    open = opens(line);
  }
  return false;
}

Result<void> decode_node(Framing& framing, Intake& intake) {
  JsonParser parser;
  std::string literal;  // empty: between spans
  intake.summary().behind_text = true;
  while (true) {
    std::optional<Piece> piece = TRY(framing.next_line());
    if (!piece) break;
    std::string_view line = piece->text;
    bool opening = opens(line);
    if (opening && !literal.empty()) intake.piece_unread(LedgerUnit::Request, "it ends early");
    if (opening || literal.empty()) intake.at("line", piece->line);
    if (!intake.piece_fits(*piece, LedgerUnit::Line, framing.source().bytes_read())) continue;
    if (opening) literal.clear();
    if (literal.empty() && !opening) {
      intake.text_lines(!trimmed(line).empty());
      continue;
    }
    literal.append(line).append("\n");
    if (literal.size() > intake.options().max_piece_bytes) {
      intake.piece_unread(LedgerUnit::Request, "it is longer than " + format_bytes(intake.options().max_piece_bytes));
      literal.clear();
    } else if (closes(line)) {
      TRY(decode_literal(parser, literal, intake));
      literal.clear();
    }
    TRY(intake.flush_if_full());
  }
  if (!literal.empty()) intake.piece_unread(LedgerUnit::Request, "it ends early");
  return {};
}

}  // namespace culprit::console
