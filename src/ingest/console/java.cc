#include "base/text.h"
#include "ingest/console/console.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/ids.h"
#include "ingest/shared/intake.h"

namespace culprit::console {

namespace {

constexpr std::string_view kNoTimes =
    "Java's LoggingSpanExporter prints no times; its OtlpJsonLoggingSpanExporter does "
    "(OTEL_TRACES_EXPORTER=logging-otlp)";

// Recognises "'GET /' : 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 SERVER [tracer: lib:1.0] {…}".
bool is_span(std::string_view line) {
  size_t tracer = line.find(" [tracer: "), colon = line.rfind("' : ", tracer);
  if (tracer == std::string_view::npos || colon == std::string_view::npos) return false;
  std::string_view ids = line.substr(colon + 4, tracer - colon - 4);
  return ids.size() > 50 && ids[32] == ' ' && ids[49] == ' ' && parse_trace_id(ids.substr(0, 32)).has_value() &&
         parse_span_id(ids.substr(33, 16)).has_value();
}

}  // namespace

bool is_java(std::string_view front) {
  if (front.find("{\"") != std::string_view::npos) return false;  // if the file has JSON too, the JSON decoder reads it
  for (std::string_view line : split(front, '\n'))
    if (is_span(line)) return true;
  return false;
}

Result<void> decode_java(Framing& framing, Intake& intake) {
  intake.summary().behind_text = true;
  while (true) {
    std::optional<Piece> piece = TRY(framing.next_line());
    if (!piece) return {};
    intake.at("line", piece->line);
    if (!intake.piece_fits(*piece, LedgerUnit::Line, framing.source().bytes_read())) continue;
    if (is_span(piece->text))
      intake.refuse(LedgerUnit::Span, kNoTimes);
    else
      intake.text_lines(!trimmed(piece->text).empty());
    TRY(intake.flush_if_full());
  }
}

}  // namespace culprit::console
