#include "ingest/registry/import.h"

#include <simdjson.h>

#include "base/text.h"
#include "ingest/jaeger/jaeger.h"
#include "ingest/notation/notation.h"
#include "ingest/otlp/json.h"
#include "ingest/otlp/proto.h"
#include "ingest/registry/format.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"
#include "ingest/shared/json_parser.h"

namespace culprit {

namespace {

namespace dom = simdjson::dom;

// The last part of a path: a ledger that names the same file wherever it lay.
std::string_view base_name(std::string_view path) {
  if (path == "-") return "stdin";
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view name_of(Format format, std::string_view front) {
  switch (format) {
    case Format::Empty: return "empty";
    case Format::JsonLines:
    case Format::Json: return looks_like_jaeger(front) ? "jaeger" : "otlp-json";
    case Format::Messages: return front.substr(4).starts_with('{') ? "otlp-json" : "otlp";
    case Format::Protobuf: return "otlp";
    case Format::Notation: return "notation";
    case Format::Unknown: break;
  }
  return "unknown";
}

// Decodes the pieces of one file.
class Importer {
 public:
  Importer(Framing& framing, Intake& intake, size_t max_piece_bytes)
      : framing_(framing), intake_(intake), max_piece_bytes_(max_piece_bytes) {}

  Result<void> run(Format format) {
    switch (format) {
      case Format::JsonLines: return json_lines();
      case Format::Json: return json_values();
      case Format::Messages: return messages();
      case Format::Protobuf: return protobuf();
      case Format::Notation: return notation();
      case Format::Empty:
      case Format::Unknown: break;
    }
    return {};
  }

 private:
  Result<void> json_lines();
  Result<void> json_values();
  Result<void> messages();
  Result<void> protobuf();
  Result<void> notation();
  Result<void> json(std::string_view text) { return take(parser_.parse(text)); }
  Result<void> take(const JsonParser::Parsed& parsed);
  Result<void> message(std::string_view bytes);
  Result<void> concatenated(std::string_view line, std::string_view reason);
  bool too_long(const Piece& piece, LedgerUnit unit);

  Framing& framing_;
  Intake& intake_;
  size_t max_piece_bytes_;
  JsonParser parser_;
};

bool Importer::too_long(const Piece& piece, LedgerUnit unit) {
  ++intake_.summary().pieces;
  intake_.summary().bytes_read = framing_.source().bytes_read();  // for those who watch
  if (piece.too_long)
    intake_.note(LedgerKind::malformed, unit, 1, "it is longer than " + format_bytes(max_piece_bytes_));
  return piece.too_long;
}

// One JSON text, whatever it holds.
Result<void> Importer::take(const JsonParser::Parsed& parsed) {
  if (!parsed.root) {
    intake_.note(LedgerKind::malformed, 1, parsed.reason);
    return {};
  }
  if (parsed.mended_strings) intake_.note(LedgerKind::bad_utf8, parsed.mended_strings);
  if (parsed.mended_numbers)
    intake_.note(LedgerKind::malformed, LedgerUnit::Value, parsed.mended_numbers,
                 "NaN or Infinity, which JSON has not: read as that number");
  dom::object object;
  if (parsed.root->get_object().get(object))
    intake_.note(LedgerKind::malformed, 1, "it is JSON, but not an object");
  else if (otlp::is_json_request(object))
    return otlp::decode_json(object, intake_);
  else if (jaeger::is_json_trace(object))
    return jaeger::decode_json(object, intake_);
  // An empty request is a valid one (OTLP specification: it succeeds).
  else if (object.size() > 0)
    intake_.note(LedgerKind::malformed, 1, "it is JSON, but neither OTLP nor Jaeger");
  return {};
}

// A line that is not one JSON value may be several, one behind the other.
Result<void> Importer::concatenated(std::string_view line, std::string_view reason) {
  JsonEnd first;
  size_t end = first.find(line);
  if (end == std::string_view::npos || trimmed(line.substr(end)).empty() || trimmed(line.substr(end)).front() != '{') {
    intake_.note(LedgerKind::malformed, 1, reason);
    return {};
  }
  std::string text(line);  // the parser needs the line's own buffer no more, but the framing's is not ours to keep
  text.append(Framing::kPadding, ' ');
  std::string_view left = std::string_view(text).substr(0, line.size());
  while (!trimmed(left).empty()) {
    left.remove_prefix(left.find_first_not_of(" \t,\r\n"));
    JsonEnd value;
    end = std::min(value.find(left), left.size());
    TRY(json(left.substr(0, end)));
    left.remove_prefix(end);
  }
  return {};
}

Result<void> Importer::json_lines() {
  while (true) {
    std::optional<Piece> piece = TRY(framing_.next_line());
    if (!piece) return {};
    intake_.at("line", piece->line);
    std::string_view text = piece->text;
    if (piece->line == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    text = trimmed(text);
    if (text.empty() && !piece->too_long) continue;
    if (too_long(*piece, LedgerUnit::Line)) continue;
    JsonParser::Parsed parsed = parser_.parse(text);
    if (parsed.root)
      TRY(take(parsed));
    else
      TRY(concatenated(text, parsed.reason));
    TRY(intake_.flush_if_full());
  }
}

Result<void> Importer::json_values() {
  std::string_view front = TRY(framing_.peek(3));
  if (front.starts_with("\xef\xbb\xbf")) framing_.skip(3);
  while (true) {
    std::optional<Piece> piece = TRY(framing_.next_json());
    if (!piece) return {};
    intake_.at("line", piece->line);
    if (too_long(*piece, LedgerUnit::Request)) continue;
    TRY(json(piece->text));
    TRY(intake_.flush_if_full());
  }
}

// One message of the Collector's file exporter: protobuf or JSON, by itself compressed or not.
Result<void> Importer::message(std::string_view bytes) {
  if (make_decompressor(bytes) == nullptr)
    return bytes.starts_with('{') ? json(bytes) : otlp::decode_proto(bytes, intake_);
  Result<std::string> plain = decompress(bytes, max_piece_bytes_);
  if (!plain.has_value()) {
    intake_.note(LedgerKind::malformed, LedgerUnit::Request, 1, plain.error().message);
    return {};
  }
  plain.value().reserve(plain.value().size() + Framing::kPadding);
  std::string_view text = plain.value();
  return text.starts_with('{') ? json(text) : otlp::decode_proto(text, intake_);
}

Result<void> Importer::messages() {
  while (true) {
    std::optional<Piece> piece = TRY(framing_.next_message());
    if (!piece) return {};
    intake_.at("message", piece->line);
    if (too_long(*piece, LedgerUnit::Request)) continue;
    if (piece->cut)
      intake_.note(LedgerKind::malformed, LedgerUnit::Request, 1, "the file ends inside it");
    else
      TRY(message(piece->text));
    TRY(intake_.flush_if_full());
  }
}

Result<void> Importer::protobuf() {
  std::optional<Piece> piece = TRY(framing_.rest());
  if (!piece) return {};
  intake_.at("message", 1);
  if (too_long(*piece, LedgerUnit::Request)) return {};
  return otlp::decode_proto(piece->text, intake_);
}

Result<void> Importer::notation() {
  notation::Reader reader(intake_);
  while (true) {
    std::optional<Piece> piece = TRY(framing_.next_line());
    if (!piece) return reader.end();
    intake_.at("line", piece->line);
    if (too_long(*piece, LedgerUnit::Line)) continue;
    std::string_view text = piece->text;
    if (piece->line == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    TRY(reader.line(intake_.text(text), piece->line));
  }
}

Result<ImportSummary> import_source(ByteSource source, const std::string& path, Sink& sink,
                                    const ImportOptions& options) {
  Framing framing(std::move(source), options.max_piece_bytes);
  std::string front(TRY(framing.peek(kFormatBytes)));
  Format format = format_of(front);
  if (format == Format::Unknown)
    return Error{Error::Kind::Corrupt, "cannot tell what format '" + path + "' is in",
                 "known are OTLP (JSON, JSON lines, protobuf), Jaeger's JSON and the trace notation, plain or "
                 "compressed by gzip or zstd"};
  Intake intake(sink, name_of(format, front), base_name(path), options);
  Importer importer(framing, intake, options.max_piece_bytes);
  intake.summary().compression = framing.source().compression();
  TRY(importer.run(format));
  if (!framing.source().damage().empty()) {
    intake.at("byte", framing.source().bytes_decoded());
    intake.note(LedgerKind::malformed, LedgerUnit::File, 1,
                std::string(framing.source().damage()) + "; what follows is lost");
  }
  ImportSummary& summary = intake.summary();
  summary.bytes_read = framing.source().bytes_read();
  summary.bytes_decoded = framing.source().bytes_decoded();
  TRY(intake.flush());
  return summary;
}

}  // namespace

Result<ImportSummary> import_file(const std::string& path, Sink& sink, const ImportOptions& options) {
  return import_source(TRY(ByteSource::open(path, options.max_decoded_bytes)), path, sink, options);
}

Result<ImportSummary> import_bytes(std::string bytes, const std::string& name, Sink& sink,
                                   const ImportOptions& options) {
  return import_source(ByteSource::from_bytes(std::move(bytes), options.max_decoded_bytes), name, sink, options);
}

}  // namespace culprit
