#include "ingest/registry/import.h"

#include <algorithm>

#include "base/text.h"
#include "ingest/registry/formats.h"
#include "ingest/registry/json_stream.h"
#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"

namespace culprit {

namespace {

// Returns the last part of a path, so that the ledger has the same name for a file wherever it is.
std::string_view base_name(std::string_view path) {
  if (path == "-") return "stdin";
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_blank(std::string_view front) {
  if (front.starts_with("\xef\xbb\xbf")) front.remove_prefix(3);
  return trimmed(front).empty();
}

const StreamFormat* stream_format_of(std::string_view front) {
  for (const StreamFormat* format : stream_formats())
    if (format->sniff(front)) return format;
  return nullptr;
}

// Describes the first bytes of a file in no known format, for the error message.
std::string looks_like(std::string_view front) {
  constexpr size_t kShownBytes = 8, kShownColumns = 40;
  if (front.find('\0') == std::string_view::npos && valid_utf8(front.substr(0, front.find('\n'))))
    return "text that begins \"" + fitted(printable(front.substr(0, front.find('\n'))), kShownColumns) + "\"";
  std::string hex;
  for (char byte : front.substr(0, kShownBytes)) {
    static constexpr char kDigits[] = "0123456789abcdef";
    hex += {' ', kDigits[static_cast<uint8_t>(byte) >> 4], kDigits[static_cast<uint8_t>(byte) & 15]};
  }
  return "binary data that begins" + hex;
}

std::string known_formats() { return "known are " + format_names() + ", plain or compressed by gzip or zstd"; }

Result<void> decode(Framing& framing, Intake& intake, const StreamFormat* format, std::string_view front) {
  if (format) return format->decode(framing, intake);
  if (is_blank(front)) return {};
  return JsonStream(framing, intake).run(front);
}

Result<ImportSummary> count_unreadable(const std::string& path, const Error& error, Sink& sink,
                                       const ImportOptions& options) {
  Intake intake(sink, "unreadable", base_name(path), options);
  intake.piece_unread(LedgerUnit::File, "it could not be read: " + error.message, "a file that could not be read");
  TRY(intake.flush());
  return intake.summary();
}

Result<ImportSummary> count_unknown(std::string_view front, const std::string& path, Sink& sink,
                                    const ImportOptions& options) {
  Intake intake(sink, "unknown", base_name(path), options);
  intake.piece_unread(LedgerUnit::File, "its format is not known", looks_like(front));
  TRY(intake.flush());
  return intake.summary();
}

Result<ImportSummary> import_source(ByteSource source, const std::string& path, Sink& sink,
                                    const ImportOptions& options) {
  Framing framing(std::move(source), options.max_piece_bytes);
  auto peeked = framing.peek(kSniffedBytes);
  if (!peeked.has_value() && framing.source().failed() && options.unknown_file == UnknownFile::Counted)
    return count_unreadable(path, peeked.error(), sink, options);
  std::string front(TRY(std::move(peeked)));
  const StreamFormat* format = stream_format_of(front);
  if (!format && !is_blank(front) && !is_json_stream(front)) {
    if (options.unknown_file == UnknownFile::Counted) return count_unknown(front, path, sink, options);
    return Error{Error::Kind::Corrupt, "the format of '" + path + "' is unknown",
                 "it looks like " + looks_like(front) + "; " + known_formats()};
  }
  Intake intake(sink, format ? format->name : is_blank(front) ? "empty" : "json", base_name(path), options);
  intake.summary().compression = framing.source().compression();
  auto decoded = decode(framing, intake, format, front);
  bool ends_early = !decoded.has_value() && framing.source().failed();
  if (!ends_early || options.unknown_file == UnknownFile::Refused) TRY(std::move(decoded));
  if (ends_early)
    intake.note(LedgerKind::malformed, LedgerUnit::File, 1, decoded.error().message + "; what follows is lost");
  if (!framing.source().damage().empty()) {
    intake.at("byte", framing.source().bytes_decoded());
    intake.note(LedgerKind::malformed, LedgerUnit::File, 1,
                std::string(framing.source().damage()) + "; what follows is lost");
  }
  if (framing.replaced_halves() > 0) intake.note(LedgerKind::bad_utf8, framing.replaced_halves());
  if (framing.ends_in_character())
    intake.note(LedgerKind::malformed, LedgerUnit::File, 1, "it ends inside a character of UTF-16");
  ImportSummary& summary = intake.summary();
  summary.bytes_read = framing.source().bytes_read();
  summary.bytes_decoded = framing.source().bytes_decoded();
  TRY(intake.flush());
  return summary;
}

}  // namespace

Result<ImportSummary> import_file(const std::string& path, Sink& sink, const ImportOptions& options) {
  auto source = ByteSource::open(path, options.max_decoded_bytes, options.cancel);
  if (!source.has_value() && options.unknown_file == UnknownFile::Counted)
    return count_unreadable(path, source.error(), sink, options);
  return import_source(TRY(std::move(source)), path, sink, options);
}

Result<ImportSummary> import_bytes(std::string bytes, const std::string& name, Sink& sink,
                                   const ImportOptions& options) {
  return import_source(ByteSource::from_bytes(std::move(bytes), options.max_decoded_bytes), name, sink, options);
}

std::optional<Error> mostly_unread(const ImportSummary& summary, const std::string& name) {
  int64_t unread = summary.pieces_unread;
  std::string message = "less than half of '" + name + "' could be read: ";
  if (summary.rows() == 0 && summary.malformed + summary.refused > 0)
    message = "nothing in '" + name + "' could be read";
  else if (summary.refused > summary.rows())
    message += format_count(summary.rows()) + " of " + format_count(summary.rows() + summary.refused) +
               " spans, log records and metric points";
  else if (unread > summary.pieces_read)
    message +=
        format_count(summary.pieces_read) + " of " + format_count(summary.pieces_read + unread) + " lines or documents";
  else
    return std::nullopt;
  auto most = std::max_element(summary.reasons.begin(), summary.reasons.end(),
                               [](auto& a, auto& b) { return a.second < b.second; });
  std::string fix = summary.unread_example.empty() ? "" : "it looks like " + summary.unread_example + "; ";
  if (most != summary.reasons.end()) fix += "most often: " + most->first + "; ";
  return Error{Error::Kind::Corrupt, message, fix + known_formats()};
}

}  // namespace culprit
