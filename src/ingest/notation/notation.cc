#include "ingest/notation/notation.h"

#include "base/hash.h"
#include "base/text.h"
#include "ingest/shared/framing.h"

namespace culprit::notation {

namespace {

// A block is kept in memory until its end, so that it can be repeated.
constexpr size_t kMostRows = 100'000;
// The limit of spans made from one file, which may come from an untrusted source.
constexpr int64_t kMostSpans = 50'000'000;

// A file with damaged first lines is still recognised by the lines after them.
constexpr int kLinesSniffed = 20;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

constexpr uint32_t kSampled = 0x01, kHasIsRemote = 0x100, kIsRemote = 0x200;  // trace.proto, SpanFlags

// Returns the name of the clock that times a span.
const std::string& clock_key(const SpanLine& span) { return span.host.empty() ? span.service : span.host; }

// Returns whether an attribute describes the program, not the span.
bool is_of_program(const Attribute& attribute) {
  return attribute.key.starts_with("service.") || attribute.key.starts_with("k8s.");
}

uint64_t not_zero(uint64_t id) { return id ? id : 1; }

// Computes an id from the label alone, so that every block of a file can refer to it.
uint64_t label_id(std::string_view label, int64_t copy, uint64_t seed) {
  return not_zero(hash64(static_cast<uint64_t>(copy), hash64(label, seed)));
}

uint64_t span_id_of_label(const std::string& label, int64_t copy) {
  auto literal = parse_span_id(label);
  if (label.size() == 16 && literal && copy == 0) return not_zero(*literal);
  return label_id(label, copy, hash64("span, label"));
}

}  // namespace

bool is_notation_file(std::string_view front) {
  if (front.find('\0') != std::string_view::npos) return false;
  if (front.starts_with(kByteOrderMark)) front.remove_prefix(kByteOrderMark.size());
  front.remove_prefix(std::min(front.find_first_not_of(" \t\r\n"), front.size()));
  if (front.starts_with('{') || front.starts_with('[')) return false;  // JSON, whatever its strings contain
  int sniffed = 0;
  for (std::string_view line : split(front, '\n')) {
    if (++sniffed > kLinesSniffed) break;
    if (line.find("{\"") == std::string_view::npos && is_notation(line)) return true;
  }
  return false;
}

Result<void> decode_file(Framing& framing, Intake& intake) {
  Reader reader(intake);
  while (true) {
    std::optional<Piece> piece = TRY(framing.next_line());
    if (!piece) return reader.end();
    intake.at("line", piece->line);
    if (!intake.piece_fits(*piece, LedgerUnit::Line, framing.source().bytes_read())) continue;
    std::string_view text = piece->text;
    if (piece->line == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    TRY(reader.line(intake.text(text), piece->line));
  }
}

Result<void> Reader::line(std::string_view text, int64_t number) {
  intake_.at("line", number);
  Line line = parse_line(text);
  if (std::holds_alternative<CommentLine>(line.content)) return {};
  if (std::holds_alternative<EmptyLine>(line.content)) return end_block();
  if (auto* repeat = std::get_if<RepeatLine>(&line.content)) {
    if (!rows_.empty()) TRY(end_block());  // a repeat line for the next block ends this block
    repeat_ = *repeat;
    return {};
  }
  if (auto* host = std::get_if<HostInfo>(&line.content)) {
    intake_.piece_read();
    host->started_ns += kEpoch_ns, host->ended_ns += kEpoch_ns;
    intake_.add(std::move(*host));
    return intake_.flush_if_full();
  }
  if (auto* process = std::get_if<Process>(&line.content)) {
    intake_.piece_read();
    intake_.add(std::move(*process));
    return intake_.flush_if_full();
  }
  Row row;
  row.indent = line.indent;
  row.number = number;
  if (auto* damage = std::get_if<DamagedLine>(&line.content)) {
    intake_.piece_unread(LedgerUnit::Line, damage->reason, "a line of text, no span of the trace notation");
    row.there = false;
  } else {
    intake_.piece_read();
    row.span = std::move(std::get<SpanLine>(line.content));
  }
  if (rows_.size() == kMostRows) {
    intake_.note(LedgerKind::malformed, 1, "a block has at most 100000 lines");
    return {};
  }
  place(std::move(row));
  return {};
}

// Makes `row` a child of the last row that is indented less.
void Reader::place(Row row) {
  while (!open_.empty() && rows_[open_.back()].indent >= row.indent) open_.pop_back();
  if (!open_.empty()) {
    row.parent = open_.back();
    if (row.there && row.indent != rows_[row.parent].indent + 2) {
      intake_.note(LedgerKind::malformed, 1, "a child must be indented two more than its parent");
      row.there = false;
    }
  }
  if (row.there && row.span.clock_ns) clocks_[clock_key(row.span)] = *row.span.clock_ns;
  if (row.there && trace_label_.empty()) trace_label_ = row.span.trace;
  open_.push_back(rows_.size());
  rows_.push_back(std::move(row));
}

Result<void> Reader::end_block() {
  // A repeat line waits for its block: an empty line between them is allowed.
  if (rows_.empty()) return {};
  int64_t spans = static_cast<int64_t>(rows_.size()) * repeat_.count;
  if (spans > kMostSpans - spans_written_) {
    intake_.note(LedgerKind::malformed, 1, "a file makes at most 50000000 spans: this block is left out");
  } else {
    for (int64_t copy = 0; copy < repeat_.count; ++copy) TRY(write_copy(copy));
    spans_written_ += spans;
  }
  rows_.clear();
  open_.clear();
  clocks_.clear();
  trace_label_.clear();
  repeat_ = {};
  ++block_;
  return {};
}

Result<void> Reader::write_copy(int64_t copy) {
  TraceId id = trace_id(copy);
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].there) write_row(i, copy, id);
    TRY(intake_.flush_if_full());
  }
  return {};
}

TraceId Reader::trace_id(int64_t copy) const {
  constexpr uint64_t kHigh = hash64("trace, high half"), kLow = hash64("trace, low half");
  if (trace_label_.empty()) {
    // The block number is hashed before the copy number is added; otherwise copy 1 of block 0 would equal copy 0 of
    // block 1.
    uint64_t block = hash64(static_cast<uint64_t>(block_), hash64("trace, position"));
    uint64_t position = hash64(static_cast<uint64_t>(copy), block);
    return {not_zero(hash64(position, kHigh)), hash64(position, kLow)};
  }
  auto literal = parse_trace_id(trace_label_);
  if (trace_label_.size() == 32 && literal && !literal->zero() && copy == 0) return *literal;
  return {label_id(trace_label_, copy, kHigh), label_id(trace_label_, copy, kLow)};
}

uint64_t Reader::span_id(size_t index, int64_t copy) const {
  if (!rows_[index].span.id.empty()) return span_id_of_label(rows_[index].span.id, copy);
  uint64_t block = hash64(static_cast<uint64_t>(block_), hash64("span, position"));
  return not_zero(hash64(index, hash64(static_cast<uint64_t>(copy), block)));
}

void Reader::write_row(size_t index, int64_t copy, TraceId trace_id) {
  const Row& row = rows_[index];
  const SpanLine& line = row.span;
  Resource resource;
  resource.attributes.push_back({"service.name", line.service});
  if (!line.host.empty()) resource.attributes.push_back({"host.name", line.host});
  if (line.pid != 0) resource.attributes.push_back({"process.pid", int64_t{line.pid}});
  for (const Attribute& attribute : line.attributes)
    if (is_of_program(attribute)) resource.attributes.push_back(attribute);
  intake_.at("line", row.number);
  intake_.set_resource(std::move(resource));
  int64_t start_ns = kEpoch_ns + repeat_.offset_ns + copy * repeat_.every_ns + line.from_ns + clock_of(line);
  uint64_t id = span_id(index, copy);
  for (const std::string& body : line.logs) {
    LogRecord log;
    log.time_ns = start_ns;
    log.body = body;
    log.trace_id = trace_id;
    log.span_id = id;
    intake_.add(std::move(log));
  }
  if (line.lost) return;

  Span& span = intake_.begin_span();
  span.trace_id = trace_id;
  span.span_id = id;
  span.otel_flags = kSampled;
  if (!line.parent.empty()) {
    span.parent_span_id = span_id_of_label(line.parent, copy);
  } else if (row.parent != kNone) {
    const Row& parent = rows_[row.parent];
    span.parent_span_id = span_id(row.parent, copy);
    // The service of a damaged line is unknown.
    if (parent.there) span.otel_flags |= kHasIsRemote | (parent.span.service == line.service ? 0 : kIsRemote);
  }
  span.link = span.parent_span_id ? LinkHow::Reported : LinkHow::None;
  span.name = line.name;
  span.kind = line.kind;
  span.start_ns = start_ns;
  span.duration_ns = line.to_ns - line.from_ns;
  span.status = line.status;
  span.status_message = line.error_text;
  for (const Attribute& attribute : line.attributes)
    if (!is_of_program(attribute)) span.attributes.push_back(attribute);
  span.waits = line.waits, span.blockers = line.blockers;
  span.events = line.events;
  for (SpanEvent& event : span.events) event.time_ns = span.end_ns();
  intake_.end_span();
}

int64_t Reader::clock_of(const SpanLine& span) const {
  auto found = clocks_.find(clock_key(span));
  return found == clocks_.end() ? 0 : found->second;
}

}  // namespace culprit::notation
