#include "ingest/registry/json_stream.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ingest/registry/formats.h"

namespace culprit {

namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf", kBlanks = " \t\r\n";
constexpr std::string_view kUnknown = "it is JSON, but not in a known format";
// {"hits": {"hits": [{"_source": {…}}]}} of Elasticsearch, with five levels, is the deepest wrapping known of one
// program. Programs that forward such answers wrap them again. Each level is a call on the stack.
constexpr int kMostWrapping = 32;
// The limit of failed attempts to find a document in one line of text: a prefix contains only a few braces.
constexpr int kMostAttempts = 16;

size_t skip_blanks(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Returns the position, at or behind `at`, of an object with a quoted key, an empty object, or an array of objects.
size_t document_start(std::string_view text, size_t at) {
  for (at = text.find_first_of("{[", at); at != std::string_view::npos; at = text.find_first_of("{[", at + 1)) {
    size_t inside = skip_blanks(text, at + 1);
    if (inside == text.size()) return text[at] == '{' ? at : std::string_view::npos;
    if (text[at] == '{' && (text[inside] == '"' || text[inside] == '}')) return at;
    if (text[at] == '[' && (text[inside] == '{' || text[inside] == '[')) return at;
  }
  return std::string_view::npos;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

// Returns whether each document is on one line. Then damage ends at its newline, so this form is preferred. It is
// chosen if the first line with JSON contains a complete document (or is longer than the text seen), or if the second
// line begins with another object in its first column, as no printer does inside an object.
bool one_a_line(std::string_view front) {
  front.remove_prefix(skip_blanks(front, 0));
  size_t start = document_start(front, 0);
  if (front.starts_with('[') || start == std::string_view::npos) return false;
  std::string_view rest = front.substr(start);
  size_t newline = rest.find('\n');
  if (newline == std::string_view::npos) return true;
  bool whole = JsonEnd().find(rest.substr(0, newline)) != std::string_view::npos;
  bool another = newline + 1 < rest.size() && rest[newline + 1] == '{';
  return whole || another;
}

// The size of a part of a document that does not fit into memory: as fast as decoding the whole, and small.
constexpr size_t kPartBytes = size_t{4} << 20;
// The size of a part of a damaged document: the part with the damage is then decoded row by row.
constexpr size_t kDamagedPartBytes = size_t{64} << 10;

// A line that is not JSON and not a fragment of JSON.
bool is_plain_text(std::string_view line) {
  return document_start(line, 0) == std::string_view::npos &&
         std::string_view("\"{}[],").find(line.front()) == std::string_view::npos;
}

std::string looks_like(const dom::element& element) {
  dom::object object;
  if (element.get_object().get(object)) return element.is_array() ? "a JSON array" : "a JSON value";
  constexpr size_t kNamed = 6, kNameColumns = 40;
  std::string names;
  size_t n = 0;
  for (auto [key, value] : object) {
    if (++n > kNamed) break;
    names += (names.empty() ? "\"" : ", \"") + fitted(printable(key), kNameColumns) + "\"";
  }
  return n == 0 ? "an empty JSON object" : "JSON objects with the members " + names + (n > kNamed ? ", …" : "");
}

}  // namespace

bool is_json_stream(std::string_view front) {
  if (front.find('\0') != std::string_view::npos) return false;
  front = without_mark(front);
  size_t start = document_start(front, 0), first = skip_blanks(front, 0);
  // Text that begins like JSON is JSON, possibly damaged.
  return start != std::string_view::npos || (first < front.size() && (front[first] == '{' || front[first] == '['));
}

JsonStream::JsonStream(Framing& framing, Intake& intake) : framing_(framing), intake_(intake) {
  for (const DocumentFormat* format : document_formats())
    lists_.insert(lists_.end(), format->lists.begin(), format->lists.end());
}

Result<void> JsonStream::run(std::string_view front) {
  if (front.starts_with(kByteOrderMark)) framing_.skip(kByteOrderMark.size());
  if (auto prefix = LinePrefix::find(without_mark(front)))
    TRY(prefixed_lines(*prefix));
  else
    TRY(one_a_line(without_mark(front)) ? lines() : values());
  count_text_lines();
  return {};
}

Result<void> JsonStream::lines() {
  while (true) {
    std::optional<Piece> line = TRY(framing_.next_line(TooLong::Spilled));
    if (!line) return {};
    intake_.at("line", line->line);
    std::string_view text = trimmed(without_mark(line->text));
    if (text.empty() && !line->too_long) continue;
    if (!intake_.piece_fits(*line, LedgerUnit::Line, framing_.source().bytes_read())) continue;
    TRY(piece(*line, text));
    TRY(intake_.flush_if_full());
  }
}

Result<void> JsonStream::values() {
  while (true) {
    std::optional<Piece> value = TRY(framing_.next_json(TooLong::Spilled));
    if (!value) return {};
    intake_.at("line", value->line);
    if (!intake_.piece_fits(*value, LedgerUnit::Request, framing_.source().bytes_read())) continue;
    std::string_view text = trimmed(value->text);
    intake_.summary().behind_text |= value->prefix;
    if (text.empty() || value->prefix) continue;
    TRY(piece(*value, text));
    TRY(intake_.flush_if_full());
  }
}

Result<void> JsonStream::prefixed_lines(const LinePrefix& prefix) {
  intake_.summary().behind_text = true;
  while (true) {
    std::optional<Piece> line = TRY(framing_.next_line());
    if (!line) break;
    intake_.at("line", line->line);
    if (!intake_.piece_fits(*line, LedgerUnit::Line, framing_.source().bytes_read())) continue;
    std::string_view text = trimmed(prefix.strip(line->text).value_or(std::string_view()));
    if (text.empty() && prefix.strip(line->text)) continue;
    // A line without the prefix comes from another program.
    if (text.empty())
      TRY(piece(*line, trimmed(line->text)));
    else
      TRY(prefixed_line(*line, text));
    TRY(intake_.flush_if_full());
  }
  return document_.empty() ? Result<void>() : take_document();
}

// Decodes `text`, the part of the line behind the prefix, or appends it to the open document.
Result<void> JsonStream::prefixed_line(const Piece& line, std::string_view text) {
  if (document_.empty()) {
    // "INFO exporter - {": the text before the document is the program's own prefix.
    size_t start = text.ends_with('{') || text.ends_with('[') ? text.size() - 1 : 0;
    if (text.starts_with('{') || text.starts_with('[')) start = 0;
    bool opens = text[start] == '{' || text[start] == '[';
    if (!opens || JsonEnd().find(text.substr(start)) != std::string_view::npos) return piece(line, text);
    text.remove_prefix(start);
    document_end_ = {};
    document_line_ = line.line;
  }
  document_.append(text).append("\n");
  bool whole = document_end_.find(text) != std::string_view::npos;
  if (!whole && document_.size() <= intake_.options().max_piece_bytes) return {};
  if (whole) return take_document();
  document_.clear();
  intake_.at("line", document_line_);
  intake_.piece_unread(LedgerUnit::Request, "it is longer than " + format_bytes(intake_.options().max_piece_bytes));
  return {};
}

// Decodes the document behind prefixes, as far as the file contains it.
Result<void> JsonStream::take_document() {
  std::string document = std::exchange(document_, {});
  document.reserve(document.size() + Framing::kPadding);
  Piece lines;
  lines.line = document_line_;
  intake_.at("line", document_line_);
  return piece(lines, document);
}

// Decodes one line or one value of the file.
Result<void> JsonStream::piece(const Piece& piece, std::string_view text) {
  line_ = piece.line;
  if (piece.spilled) return large(piece);
  JsonParser::Parsed parsed = parser_.parse(text);
  if (!parsed.root) return within(text, parsed.reason);
  note_mended(parsed, intake_);
  dom::object object;
  // An empty request is valid (OTLP specification: the server answers with success).
  if (TRY(take(*parsed.root, 0)) || (!parsed.root->get_object().get(object) && object.size() == 0))
    intake_.piece_read();
  else
    intake_.piece_unread(LedgerUnit::Line, kUnknown, looks_like(*parsed.root));
  return {};
}

// Decodes text that is not one JSON value: it may contain a value behind a prefix, or several values.
Result<void> JsonStream::within(std::string_view text, std::string_view reason) {
  std::string whole_reason(reason), damage, example;
  bool taken = false;
  int attempts = 0;
  size_t start = 0;
  while (attempts < kMostAttempts && (start = document_start(text, start)) != std::string_view::npos) {
    size_t size = JsonEnd().find(text.substr(start));
    if (size == std::string_view::npos) {
      damage = taken ? "a document ends early" : whole_reason;
      break;
    }
    JsonParser::Parsed parsed = parser_.parse(text.substr(start, size));
    if (parsed.root && TRY(take(*parsed.root, 0))) {
      note_mended(parsed, intake_);
      if (!taken) damage.clear();  // text before the first document is a prefix
      intake_.summary().behind_text |= !taken && start > 0;
      taken = true;
      attempts = 0;
    } else {
      ++attempts;
      damage = parsed.root ? std::string(kUnknown) : std::string(parsed.reason);
      if (parsed.root && example.empty()) example = looks_like(*parsed.root);
    }
    start += size;
  }
  if (taken) intake_.piece_read();
  if (taken && damage.empty()) return {};
  if (taken) {
    intake_.piece_unread(LedgerUnit::Line, damage);
    return {};
  }
  start = document_start(text, 0);
  if (start != std::string_view::npos &&
      TRY(take_parts(text.substr(start), {kDamagedPartBytes, intake_.options().max_piece_bytes}, nullptr))) {
    intake_.piece_read();
    intake_.note(LedgerKind::malformed, 1, whole_reason);
    return {};
  }
  if (is_plain_text(text)) {
    text_lines_.add({line_, std::move(whole_reason)});
    return {};
  }
  intake_.piece_unread(LedgerUnit::Line, whole_reason, example.empty() ? "damaged JSON" : example);
  return {};
}

// Counts lines of text. Between documents behind a logger's prefix, they are other output of the program.
void JsonStream::count_text_lines() {
  if (intake_.summary().behind_text) return intake_.text_lines(text_lines_.count);
  for (int64_t i = 0; i < text_lines_.count; ++i) {
    const TextLine& line = text_lines_.first[std::min(static_cast<size_t>(i), text_lines_.first.size() - 1)];
    intake_.at("line", line.number);
    intake_.piece_unread(LedgerUnit::Line, line.reason, "text");
  }
}

Result<void> JsonStream::large(const Piece& piece) {
  size_t start = document_start(piece.text.substr(0, kSniffedBytes), 0);
  bool taken =
      start != std::string_view::npos &&
      TRY(take_parts(piece.text.substr(start),
                     {std::min(kPartBytes, intake_.options().max_piece_bytes), intake_.options().max_piece_bytes},
                     piece.spilled));
  intake_.at("line", piece.line);
  if (taken)
    intake_.piece_read();
  else
    intake_.piece_unread(LedgerUnit::Request, "it is longer than " + format_bytes(intake_.options().max_piece_bytes),
                         "one document in which no spans were found");
  return {};
}

// Returns false if nothing in `text` is of a known format.
Result<bool> JsonStream::take_parts(std::string_view text, JsonSplitter::Limits limits, const SpilledText* spilled) {
  JsonSplitter splitter(text, lists_, limits, spilled);
  damaged_rows_.clear();
  damaged_parts_ = 0;
  bool taken = false;
  while (std::optional<JsonSplitter::Part> part = splitter.next()) {
    if (spilled) intake_.at("byte", static_cast<int64_t>(part->offset));
    if (!part->text.empty())
      taken |= TRY(take_part(*part));
    else if (part->row)
      ++damaged_rows_[*part->row];
    else
      ++damaged_parts_;
    TRY(intake_.flush_if_full());
  }
  if (!taken) return false;
  for (auto& [unit, n] : damaged_rows_)
    for (int64_t i = 0; i < n; ++i) intake_.refuse(unit, "it is damaged, cut, or longer than the limit");
  if (damaged_parts_ > 0)
    intake_.note(LedgerKind::malformed, LedgerUnit::Request, damaged_parts_,
                 "a part of it is damaged, cut, or longer than the limit");
  return true;
}

Result<bool> JsonStream::take_part(const JsonSplitter::Part& part) {
  JsonParser::Parsed parsed = parser_.parse(part.text);
  if (parsed.root) {
    note_mended(parsed, intake_);
    bool taken = TRY(take(*parsed.root, 0));
    damaged_parts_ += !taken;
    return taken;
  }
  if (part.rows == 1 && part.row) {
    ++damaged_rows_[*part.row];
    return false;
  }
  // One of the rows is damaged: the rows are decoded one by one.
  JsonSplitter splitter(part.text, lists_, {1, intake_.options().max_piece_bytes});
  bool taken = false, found = false;
  while (std::optional<JsonSplitter::Part> row = splitter.next()) {
    found = true;
    parsed = row->text.empty() ? JsonParser::Parsed() : parser_.parse(row->text);
    if (parsed.root)
      taken |= TRY(take(*parsed.root, 0));
    else if (row->row)
      ++damaged_rows_[*row->row];
    else
      ++damaged_parts_;
  }
  damaged_parts_ += !found;
  return taken;
}

// Decodes `element` if a format recognises it, or the documents that it wraps. Returns false if nothing in it is of a
// known format.
Result<bool> JsonStream::take(const dom::element& element, int depth) {
  for (const DocumentFormat* format : document_formats()) {
    if (!format->sniff(element)) continue;
    if (!named_) intake_.set_format(format->name);
    named_ = true;
    intake_.summary().behind_text |= format->among_text;
    TRY(format->decode(element, intake_));
    return true;
  }
  if (depth == kMostWrapping) return false;
  return take_members(element, depth + 1);
}

Result<bool> JsonStream::take_members(const dom::element& element, int depth) {
  dom::object object;
  dom::array array;
  bool any = false;
  int64_t unknown = 0;
  if (!element.get_array().get(array)) {
    for (dom::element entry : array) {
      bool taken = entry.is_object() || entry.is_array() ? TRY(take(entry, depth)) : false;
      any |= taken;
      unknown += !taken;
    }
    for (; any && unknown > 0; --unknown) intake_.piece_unread(LedgerUnit::Request, kUnknown);
  } else if (!element.get_object().get(object)) {
    for (auto [key, value] : object) {
      std::string_view text;
      if (value.is_object() || value.is_array())
        any |= TRY(take(value, depth));
      else if (!value.get_string().get(text) && document_start(text, 0) != std::string_view::npos)
        any |= TRY(take_string(text));
    }
  }
  return any;
}

// Decodes the JSON in a JSON string: container runtimes and log shippers wrap a program's lines like this.
Result<bool> JsonStream::take_string(std::string_view text) {
  size_t start = document_start(text, 0);
  size_t size = JsonEnd().find(text.substr(start));
  if (size == std::string_view::npos) return false;
  std::string document(text.substr(start, size));
  document.append(Framing::kPadding, ' ');
  if (!string_parser_) string_parser_ = std::make_unique<JsonParser>();
  JsonParser::Parsed parsed = string_parser_->parse(std::string_view(document).substr(0, size));
  if (!parsed.root) return false;
  // Strings inside this string are not decoded: the parser is in use.
  return take(*parsed.root, kMostWrapping);
}

}  // namespace culprit
