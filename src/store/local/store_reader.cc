#include "store/local/store_reader.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/text.h"
#include "model/schema.h"
#include "store/duckdb/span_cells.h"
#include "store/duckdb/worker.h"
#include "store/local/damage.h"
#include "store/local/span_ledger.h"

namespace culprit {

namespace {

// The number of row groups of each segment in memory at a time. Four take 250 MB at 2 kB per span.
constexpr size_t kFencesPerRange = 4;

// Divides the trace ids into ranges with a bounded number of rows. No trace is divided.
std::vector<TraceRange> ranges_of(const std::vector<SegmentFile>& segments) {
  std::vector<std::string> fences;
  for (const SegmentFile& segment : segments)
    for (size_t i = 1; i + 1 < segment.info.fences.size(); ++i) fences.push_back(segment.info.fences[i]);
  std::sort(fences.begin(), fences.end());
  size_t step = std::clamp<size_t>(segments.size(), 1, kFencesPerRange);
  std::vector<TraceRange> ranges;
  std::string first;
  for (size_t i = step - 1; i < fences.size(); i += step) {
    if (fences[i] <= first) continue;
    ranges.push_back({first, fences[i]});
    first = fences[i];
  }
  ranges.push_back({first, {}});
  return ranges;
}

bool may_hold(const SegmentInfo& info, const TraceRange& range) {
  if (info.fences.empty()) return true;
  return info.fences.back() >= range.first && (range.end.empty() || info.fences.front() < range.end);
}

bool overlaps(const SegmentInfo& info, int64_t from_ns, int64_t to_ns) {
  return info.min_ns < to_ns && info.max_ns >= from_ns;
}

}  // namespace

std::vector<SegmentFile> StoreReader::check(std::string_view table) {
  return check(table, [](const SegmentInfo&) { return true; });
}

std::vector<SegmentFile> StoreReader::check(std::string_view table,
                                            const std::function<bool(const SegmentInfo&)>& wanted) {
  std::vector<SegmentFile> chosen, kept;
  for (SegmentFile& segment : snapshot_.segments) {
    if (segment.info.table == table && wanted(segment.info)) {
      std::string damage = segment.checked ? std::string() : damage_of(segment, Check::EveryBlock, snapshot_.cancel);
      // A cancelled check was not complete and shows no damage. The query that needs the segment fails.
      if (!damage.empty() && check_cancelled(snapshot_.cancel).has_value()) {
        for (LedgerRow& row : damage_rows(segment, damage)) snapshot_.noticed.push_back(std::move(row));
        continue;
      }
      segment.checked = true;
      chosen.push_back(segment);
    }
    kept.push_back(std::move(segment));
  }
  snapshot_.segments = std::move(kept);
  return chosen;
}

std::vector<SegmentFile> Snapshot::of_table(std::string_view table) const {
  std::vector<SegmentFile> chosen;
  for (const SegmentFile& segment : segments)
    if (segment.info.table == table) chosen.push_back(segment);
  return chosen;
}

Result<std::unique_ptr<StoreReader>> StoreReader::open(Snapshot snapshot) {
  SegmentReader reader = TRY(SegmentReader::open(snapshot.cancel));
  return std::unique_ptr<StoreReader>(new StoreReader(std::move(snapshot), std::move(reader)));
}

Result<void> StoreReader::for_each_group(const std::vector<SegmentFile>& segments, const Load& load,
                                         const std::function<bool(Trace)>& visit) {
  for (const TraceRange& range : ranges_of(segments)) {
    TRY(check_cancelled(snapshot_.cancel));
    std::vector<Span> spans;
    for (const SegmentFile& segment : segments)
      if (may_hold(segment.info, range)) TRY(load(segment, range, spans));
    std::vector<uint32_t> order(spans.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return spans[a].trace_id < spans[b].trace_id; });
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      std::vector<Span> group;
      TraceId id = spans[order[begin]].trace_id;
      for (; end < order.size() && spans[order[end]].trace_id == id; ++end)
        group.push_back(std::move(spans[order[end]]));
      if (!visit(make_trace(std::move(group)))) return {};
    }
  }
  return {};
}

Result<void> StoreReader::load_resources() {
  if (resources_loaded_) return {};
  std::vector<StoredResource> rows = TRY(segments_.rows<StoredResource>(check("resource")));
  for (StoredResource& row : rows) {
    if (!resource_index_.emplace(row.resource_id, resources_.size()).second) continue;
    resources_.push_back(std::move(row.resource));
  }
  resources_loaded_ = true;
  return {};
}

Result<void> StoreReader::for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) {
  TRY(check_cancelled(snapshot_.cancel));
  TRY(load_resources());
  std::vector<SegmentFile> all = check("span"), touched;
  bool everything = true;
  for (const SegmentFile& segment : all) {
    if (overlaps(segment.info, from_ns, to_ns)) touched.push_back(segment);
    everything = everything && segment.info.min_ns >= from_ns && segment.info.max_ns < to_ns;
  }
  if (!everything) TRY(segments_.choose_traces(touched, from_ns, to_ns));
  auto which = everything ? SegmentReader::Which::All : SegmentReader::Which::Chosen;
  auto load = [&](const SegmentFile& segment, const TraceRange& range, std::vector<Span>& spans) {
    return segments_.spans(segment, range, which, [&](Span span, uint64_t resource) {
      auto found = resource_index_.find(resource);
      span.resource = found == resource_index_.end() ? 0 : found->second;
      spans.push_back(std::move(span));
    });
  };
  return for_each_group(all, load, visit);
}

Result<std::optional<Trace>> StoreReader::trace(TraceId id) {
  TRY(load_resources());
  std::vector<Span> spans;
  // The end of the range is the id with one more digit: the smallest text that is greater than the id.
  TraceRange range{to_hex(id), to_hex(id) + "0"};
  for (const SegmentFile& segment : check("span", [&](const SegmentInfo& info) { return may_hold(info, range); })) {
    TRY(segments_.spans(segment, range, SegmentReader::Which::All, [&](Span span, uint64_t resource) {
      auto found = resource_index_.find(resource);
      span.resource = found == resource_index_.end() ? 0 : found->second;
      spans.push_back(std::move(span));
    }));
  }
  if (spans.empty()) return std::optional<Trace>();
  return std::optional<Trace>(make_trace(std::move(spans)));
}

Result<std::vector<ThreadState>> StoreReader::thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) {
  auto touched = check("thread_state", [&](const SegmentInfo& info) { return overlaps(info, from_ns, to_ns); });
  return segments_.thread_states(touched, tid, from_ns, to_ns);
}

Result<std::vector<LogRecord>> StoreReader::logs() {
  TRY(load_resources());
  std::vector<LogRecord> logs;
  std::vector<StoredLog> rows = TRY(segments_.rows<StoredLog>(check("log")));
  for (StoredLog& row : rows) {
    auto found = resource_index_.find(row.resource_id);
    row.log.resource = found == resource_index_.end() ? 0 : found->second;
    logs.push_back(std::move(row.log));
  }
  return logs;
}

Result<std::vector<MetricPoint>> StoreReader::metrics() { return segments_.rows<MetricPoint>(check("metric")); }
Result<std::vector<Process>> StoreReader::processes() { return segments_.rows<Process>(check("process")); }
Result<std::vector<Connection>> StoreReader::connections() { return segments_.rows<Connection>(check("connection")); }
Result<std::vector<HostInfo>> StoreReader::hosts() { return segments_.rows<HostInfo>(check("host")); }

Result<std::vector<Resource>> StoreReader::resources() {
  TRY(load_resources());
  return resources_;
}

Result<Batch> StoreReader::rows(std::string_view table) {
  Batch batch;
#define TABLE(section, Row, member)                                                     \
  if (table == table_info(Of<Row>()).name) {                                            \
    std::vector<StoredAs<Row>> rows = TRY(segments_.rows<StoredAs<Row>>(check(table))); \
    for (StoredAs<Row> & row : rows) batch.member.push_back(std::move(fields_of(row))); \
  }
#define SPANS(section, Row, member)
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
  return batch;
}

Result<std::vector<LedgerRow>> StoreReader::ledger() {
  TRY(check_cancelled(snapshot_.cancel));
  std::vector<LedgerRow> rows = TRY(segments_.ledger(check("ledger")));
  rows.insert(rows.end(), snapshot_.noticed.begin(), snapshot_.noticed.end());
  int64_t unchecked = 0;
  uint64_t bytes = 0;
  for (const SegmentFile& segment : snapshot_.segments)
    if (!segment.checked) {
      ++unchecked;
      bytes += segment.info.size_bytes;
    }
  if (unchecked > 0)
    rows.push_back(ledger_row(LedgerKind::unverified, unchecked, "segments", "store",
                              format_bytes(bytes) + " of which nothing was read for this answer"));
  return rows;
}

Result<Account> StoreReader::account() {
  static constexpr std::string_view kUnits[] = {"span", "log", "metric"};
  Account account;
  for (const Received& received : snapshot_.received) account.received[received.unit] += received.n;
  for (const SegmentFile& segment : snapshot_.segments)
    if (std::find(std::begin(kUnits), std::end(kUnits), segment.info.table) != std::end(kUnits))
      account.stored[segment.info.table] += static_cast<int64_t>(segment.info.rows);
  std::vector<LedgerRow> rows = TRY(ledger());
  for (const LedgerRow& row : rows) {
    bool counts =
        row.kind == "duplicate" || row.kind == "refused" || row.kind == "sampled_out" || row.kind == "in_flight";
    if (counts && std::find(std::begin(kUnits), std::end(kUnits), row.unit) != std::end(kUnits))
      account.accounted[row.unit] += row.n;
  }
  return account;
}

Result<SqlTable> StoreReader::sql(std::string_view select, SqlLimits limits) {
  // A query reaches a table only by its name or by a function whose name begins with `query`.
  std::string words = lower(select);
  bool any = words.find("query") != std::string::npos;
  for (const TableDoc& table : schema())
    if (any || words.find(table.name) != std::string::npos) check(table.name);
  return sql_in_worker(snapshot_.segments, std::string(select), limits);
}

Result<std::vector<LedgerRow>> StoreReader::structure_defects(const CancelToken* cancel) {
  SpanLedger counts;
  auto load = [&](const SegmentFile& segment, const TraceRange& range, std::vector<Span>& spans) {
    return segments_.skeletons(segment, range, [&](Span span) { spans.push_back(std::move(span)); });
  };
  TRY(for_each_group(check("span"), load, [&](const Trace& trace) {
    counts.note(trace);
    return cancel == nullptr || !cancel->requested();
  }));
  TRY(check_cancelled(cancel));
  return counts.rows();
}

}  // namespace culprit
