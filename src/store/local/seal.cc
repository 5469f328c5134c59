#include "store/local/seal.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "model/batch_codec.h"

namespace culprit {

namespace {

// The number of spans that are collected before a segment is written. A waiting span takes about 2 kB of memory.
constexpr size_t kSpansPerSegment = 6 * kFenceRows;
// The size of other rows in memory, without their texts: two million thread states.
constexpr size_t kBytesPerSegment = 144u << 20;

template <class Row>
constexpr bool kGathered = !std::is_same_v<Row, Span> && !std::is_same_v<Row, LogRecord> &&
                           !std::is_same_v<Row, Resource> && !std::is_same_v<Row, Received>;

// Sorts rows into the order of their segments: by thread if they have one, else by time if they have one.
template <class Row>
void put_in_order(std::vector<Row>& rows) {
  auto sort = [&](auto key) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return key(fields_of(a)) < key(fields_of(b)); });
  };
  if constexpr (requires(RowOf<Row> row) { row.tid, row.start_ns; })
    sort([](const auto& row) { return std::pair(row.tid, row.start_ns); });
  else if constexpr (requires(RowOf<Row> row) { row.time_ns; } && !std::is_same_v<Row, LedgerRow>)
    sort([](const auto& row) { return row.time_ns; });
}

}  // namespace

Sealer::Sealer(SegmentWriter& writer, const Manifest& known) : writer_(writer), last_sequences_(known.last_sequences) {}

Result<Sealer::Read> Sealer::add_file(std::string_view journal_file, const std::string& name) {
  Result<void> outcome;
  int64_t undecodable = 0, missing = 0, unknown = 0;
  ScanDamage damage = scan_frames(journal_file, [&](const FrameHeader& header, std::string_view content) {
    if (!outcome.has_value()) return;
    if (header.type != FrameType::Batch) return void(++unknown);
    uint64_t& last = last_sequences_[header.identity];
    if (header.sequence <= last) {  // the same frame again: sent twice, or sealed before a crash
      gathered_.ledger.push_back(
          ledger_row(LedgerKind::duplicate, 1, name, "store", "a frame with the same number is already stored"));
      gathered_.ledger.back().unit = to_string(LedgerUnit::Frame);
      return;
    }
    missing += static_cast<int64_t>(header.sequence - last - 1);
    auto [range, first] = frames_.try_emplace(header.identity, FrameRange{header.identity, last + 1, 0});
    range->second.last = last = header.sequence;
    auto decoded = decode_batch_parts(content);
    if (!decoded.has_value()) return void(++undecodable);
    unknown += decoded.value().unknown_parts;
    outcome = add(std::move(decoded.value().batch));
  });
  TRY(std::move(outcome));
  auto note = [&](LedgerKind kind, LedgerUnit unit, int64_t n, const char* detail) {
    if (n <= 0) return;
    gathered_.ledger.push_back(ledger_row(kind, n, name, "store", detail));
    gathered_.ledger.back().unit = to_string(unit);
  };
  note(LedgerKind::malformed, LedgerUnit::Frame, damage.frames + undecodable, "a frame of the journal is damaged");
  note(LedgerKind::malformed, LedgerUnit::Byte, damage.tail_bytes, "the journal ends inside a frame");
  note(LedgerKind::malformed, LedgerUnit::Value, unknown, "parts of frames that a later version wrote");
  // A damaged frame also leaves a gap in the sequence numbers. The gap is not counted again.
  note(LedgerKind::seq_gap, LedgerUnit::Frame, missing - damage.frames, "numbers missing between the journal's frames");
  bool whole = damage.frames + undecodable + damage.tail_bytes + unknown == 0;
  return whole ? Read::Whole : Read::Partly;
}

void Sealer::count_unread(int64_t bytes, const std::string& name) {
  gathered_.ledger.push_back(
      ledger_row(LedgerKind::malformed, bytes, name, "store", "the journal file is larger than the reading limit"));
  gathered_.ledger.back().unit = to_string(LedgerUnit::Byte);
}

std::vector<uint64_t> Sealer::add_resources(Batch& batch) {
  std::vector<uint64_t> ids;
  for (Resource& resource : batch.resources) {
    uint64_t id = resource_id(resource);
    ids.push_back(id);
    if (known_resources_.insert(id).second) resources_.push_back({std::move(resource), id});
  }
  return ids;
}

Result<void> Sealer::add(Batch batch) {
  TRY(check_cancelled(writer_.cancel()));
  std::vector<uint64_t> ids = add_resources(batch);
  if (spans_.capacity() == 0) spans_.reserve(batch.spans.size());
  for (Span& span : batch.spans) {
    uint64_t resource = span.resource < ids.size() ? ids[span.resource] : 0;
    if (!seen_.insert(fingerprint(span, resource))) {
      counts_.count("duplicate", 1, span);
      continue;
    }
    counts_.note(span);
    spans_.push_back(std::move(span));
    span_resources_.push_back(resource);
  }
  batch.spans.clear();
  if (spans_.size() >= kSpansPerSegment) TRY(write_spans());
  return add_rest(std::move(batch), ids);
}

Result<void> Sealer::add_rest(Batch batch, const std::vector<uint64_t>& resource_ids) {
  for (LogRecord& log : batch.logs) {
    uint64_t resource = log.resource < resource_ids.size() ? resource_ids[log.resource] : 0;
    logs_.push_back({std::move(log), resource});
  }
  if (logs_.size() * sizeof(LogRecord) >= kBytesPerSegment) TRY(write_all(logs_));
  for (const Received& received : batch.received) received_[{received.source, received.unit}] += received.n;
#define TABLE(section, Row, member) TRY(gather(gathered_.member, batch.member));
#include "model/tables.inc"
  return {};
}

template <class Row>
Result<void> Sealer::gather(std::vector<Row>& to, std::vector<Row>& from) {
  if constexpr (kGathered<Row>) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    if (to.size() * sizeof(Row) >= kBytesPerSegment) return write_all(to);
  }
  return {};
}

Result<void> Sealer::write_spans() {
  std::vector<StoredSpan> rows;
  for (size_t i = 0; i < spans_.size(); ++i) rows.push_back({&spans_[i], span_resources_[i]});
  std::sort(rows.begin(), rows.end(), [](const StoredSpan& a, const StoredSpan& b) {
    const Span &x = *a.span, &y = *b.span;
    if (auto order = x.trace_id <=> y.trace_id; order != 0) return order < 0;
    if (x.start_ns != y.start_ns) return x.start_ns < y.start_ns;
    if (x.duration_ns != y.duration_ns) return x.duration_ns > y.duration_ns;
    if (x.span_id != y.span_id) return x.span_id < y.span_id;
    return a.span < b.span;
  });
  if (!rows.empty()) {
    SegmentInfo info = TRY(writer_.write(rows));
    record_.added.push_back(std::move(info));
  }
  spans_ = {};
  span_resources_ = {};
  return {};
}

template <class Row>
Result<void> Sealer::write_all(std::vector<Row>& rows) {
  if (rows.empty()) return {};
  put_in_order(rows);
  SegmentInfo info = TRY(writer_.write(rows));
  record_.added.push_back(std::move(info));
  rows = {};
  return {};
}

Result<SealRecord> Sealer::finish() {
  TRY(write_spans());
  std::vector<LedgerRow> ledger = std::exchange(gathered_.ledger, {});
#define TABLE(section, Row, member) \
  if constexpr (kGathered<Row>) TRY(write_all(gathered_.member));
#include "model/tables.inc"
  TRY(write_all(logs_));
  TRY(write_all(resources_));
  std::vector<LedgerRow> counted = counts_.rows();
  ledger.insert(ledger.end(), counted.begin(), counted.end());
  if (int64_t repaired = writer_.repaired_texts(); repaired > 0)
    ledger.push_back(ledger_row(LedgerKind::bad_utf8, repaired, "store", "store"));
  TRY(write_all(ledger));
  for (auto& [key, n] : received_) record_.received.push_back({key.first, key.second, n});
  for (auto& [identity, sequence] : last_sequences_) record_.last_sequences.emplace_back(identity, sequence);
  for (auto& [identity, range] : frames_) record_.frames.push_back(range);
  return std::move(record_);
}

}  // namespace culprit
