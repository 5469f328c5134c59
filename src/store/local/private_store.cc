// A PrivateStore: keeps spans as runs in order of their traces and all other rows as segments, for this process only.
#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_map>

#include "store/duckdb/worker.h"
#include "store/interface/open.h"
#include "store/local/private_place.h"
#include "store/local/seal.h"
#include "store/local/trace_runs.h"

namespace culprit {

namespace {

constexpr int64_t kFirst = std::numeric_limits<int64_t>::min(), kLast = std::numeric_limits<int64_t>::max();

bool overlaps(const Span& span, int64_t from_ns, int64_t to_ns) {
  int64_t end_ns = 0;
  bool beyond = __builtin_add_overflow(span.start_ns, span.duration_ns, &end_ns);
  return span.start_ns < to_ns && (span.start_ns >= from_ns || beyond || end_ns > from_ns);
}

bool ids_repeat(const std::vector<RunSpan>& spans) {
  std::vector<uint64_t> ids;
  ids.reserve(spans.size());
  for (const RunSpan& span : spans) ids.push_back(span.span.span_id);
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

// Keeps the first copy of each span. Further copies are counted. Copies have equal ids: without two equal ids in the trace, no
// fingerprint is computed.
void leave_out_copies(std::vector<RunSpan>& spans, SpanLedger& counts) {
  if (!ids_repeat(spans)) return;
  struct Print {
    Fingerprint print;
    uint32_t index;
  };
  std::vector<Print> prints;
  prints.reserve(spans.size());
  for (const RunSpan& span : spans)
    prints.push_back({fingerprint(span.span, span.resource_id), static_cast<uint32_t>(prints.size())});
  std::sort(prints.begin(), prints.end(), [](const Print& a, const Print& b) {
    return std::tie(a.print.high, a.print.low, a.index) < std::tie(b.print.high, b.print.low, b.index);
  });
  std::vector<bool> copy(spans.size());
  bool any = false;
  for (size_t i = 1; i < prints.size(); ++i)
    if (prints[i].print == prints[i - 1].print) copy[prints[i].index] = any = true;
  if (!any) return;
  size_t kept = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (copy[i])
      counts.count("duplicate", 1, spans[i].span);
    else if (kept++ != i)
      spans[kept - 1] = std::move(spans[i]);
  }
  spans.resize(kept);
}

class PrivateReader : public Reader {
 public:
  PrivateReader(TraceRuns runs, std::unique_ptr<StoreReader> rest, SegmentWriter writer)
      : runs_(std::move(runs)), rest_(std::move(rest)), writer_(std::move(writer)) {}

  Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) override;
  Result<std::optional<Trace>> trace(TraceId id) override;
  Result<std::vector<ThreadState>> thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) override {
    return rest_->thread_states(tid, from_ns, to_ns);
  }
  Result<std::vector<LogRecord>> logs() override { return rest_->logs(); }
  Result<std::vector<MetricPoint>> metrics() override { return rest_->metrics(); }
  Result<std::vector<Process>> processes() override { return rest_->processes(); }
  Result<std::vector<Connection>> connections() override { return rest_->connections(); }
  Result<std::vector<HostInfo>> hosts() override { return rest_->hosts(); }
  Result<std::vector<Resource>> resources() override { return rest_->resources(); }
  Result<Batch> rows(std::string_view table) override { return rest_->rows(table); }
  Result<std::vector<LedgerRow>> ledger() override;
  Result<Account> account() override;
  Result<SqlTable> sql(std::string_view select, SqlLimits limits) override;

 private:
  // Results of the first pass over all spans, whatever the reason for that pass.
  struct Found {
    uint64_t stored = 0;
    SpanLedger counts;
  };
  Result<void> look_through();
  Result<Trace> make(std::vector<RunSpan> spans, Found& found);
  Result<void> seal_for_sql();

  TraceRuns runs_;
  std::unique_ptr<StoreReader> rest_;
  SegmentWriter writer_;
  std::optional<Found> found_;
  std::optional<std::unordered_map<uint64_t, uint32_t>> resource_index_;
  std::optional<std::vector<SegmentFile>> segments_;  // segments with the spans and all ledger rows
};

Result<Trace> PrivateReader::make(std::vector<RunSpan> spans, Found& found) {
  if (!resource_index_) {
    resource_index_.emplace();
    std::vector<Resource> all = TRY(rest_->resources());
    for (uint32_t i = 0; i < all.size(); ++i) resource_index_->emplace(resource_id(all[i]), i);
  }
  leave_out_copies(spans, found.counts);
  found.stored += spans.size();
  std::vector<Span> plain;
  plain.reserve(spans.size());
  for (RunSpan& span : spans) {
    found.counts.note(span.span);
    auto at = resource_index_->find(span.resource_id);
    span.span.resource = at == resource_index_->end() ? 0 : at->second;
    plain.push_back(std::move(span.span));
  }
  Trace trace = make_trace(std::move(plain));
  found.counts.note(trace);
  return trace;
}

Result<void> PrivateReader::for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) {
  Found found;
  bool whole = true;
  TRY(runs_.for_each_trace([&](std::vector<RunSpan> spans) -> Result<bool> {
    bool wanted = std::any_of(spans.begin(), spans.end(),
                              [&](const RunSpan& span) { return overlaps(span.span, from_ns, to_ns); });
    if (!wanted && found_) return true;
    Trace trace = TRY(make(std::move(spans), found));
    return whole = !wanted || visit(std::move(trace));
  }));
  if (whole && !found_) found_ = std::move(found);
  return {};
}

Result<std::optional<Trace>> PrivateReader::trace(TraceId id) {
  std::vector<RunSpan> spans = TRY(runs_.trace(id));
  if (spans.empty()) return std::optional<Trace>();
  Found found;
  return std::optional<Trace>(TRY(make(std::move(spans), found)));
}

Result<void> PrivateReader::look_through() {
  if (found_) return {};
  return for_each_trace(kFirst, kLast, [](const Trace&) { return true; });
}

Result<std::vector<LedgerRow>> PrivateReader::ledger() {
  TRY(look_through());
  std::vector<LedgerRow> rows = TRY(rest_->ledger()), more = found_->counts.rows();
  rows.insert(rows.end(), more.begin(), more.end());
  std::stable_sort(rows.begin(), rows.end(), [](const LedgerRow& a, const LedgerRow& b) {
    auto key = [](const LedgerRow& row) { return std::tie(row.source, row.service, row.stage, row.kind, row.unit); };
    return key(a) < key(b);
  });
  return rows;
}

Result<Account> PrivateReader::account() {
  TRY(look_through());
  Account account = TRY(rest_->account());
  if (found_->stored > 0) account.stored["span"] += static_cast<int64_t>(found_->stored);
  for (const LedgerRow& row : found_->counts.rows())
    if (row.kind == "duplicate") account.accounted["span"] += row.n;
  return account;
}

// Writes segments at the first SQL query, because SQL reads only segments.
Result<void> PrivateReader::seal_for_sql() {
  // Two row groups: about 40 MB of spans.
  constexpr size_t kSpansPerSegment = 2 * kFenceRows;
  if (segments_) return {};
  TRY(look_through());
  std::vector<SegmentFile> segments = rest_->snapshot().segments;
  std::vector<RunSpan> spans;
  SpanLedger again;
  auto write = [&]() -> Result<void> {
    std::vector<StoredSpan> rows;
    for (RunSpan& span : spans) rows.push_back({&span.span, span.resource_id});
    std::stable_sort(rows.begin(), rows.end(), [](const StoredSpan& a, const StoredSpan& b) {
      return std::tie(a.span->trace_id, a.span->start_ns) < std::tie(b.span->trace_id, b.span->start_ns);
    });
    SegmentInfo info = TRY(writer_.write(rows));
    segments.push_back({info, writer_.path_of(info), true});
    spans.clear();
    return {};
  };
  TRY(runs_.for_each_trace([&](std::vector<RunSpan> trace) -> Result<bool> {
    leave_out_copies(trace, again);
    std::move(trace.begin(), trace.end(), std::back_inserter(spans));
    if (spans.size() >= kSpansPerSegment) TRY(write());
    return true;
  }));
  if (!spans.empty()) TRY(write());
  std::vector<LedgerRow> rows = found_->counts.rows();
  if (!rows.empty()) {
    SegmentInfo info = TRY(writer_.write(rows));
    segments.push_back({info, writer_.path_of(info), true});
  }
  segments_ = std::move(segments);
  return {};
}

Result<SqlTable> PrivateReader::sql(std::string_view select, SqlLimits limits) {
  TRY(seal_for_sql());
  return sql_in_worker(*segments_, std::string(select), limits);
}

class PrivateStoreImpl : public PrivateStore {
 public:
  PrivateStoreImpl(std::optional<TemporaryDirectory> directory, SegmentWriter writer, PrivateStoreOptions options)
      : runs_(directory ? directory->path() : std::string(), options),
        directory_(std::move(directory)),
        writer_(std::move(writer)),
        sealer_(writer_, Manifest()) {}

  Result<Ticket> push(Batch batch) override {
    std::vector<uint64_t> ids = sealer_.add_resources(batch);
    for (Span& span : batch.spans) {
      uint64_t resource = span.resource < ids.size() ? ids[span.resource] : 0;
      TRY(runs_.add(std::move(span), resource));
    }
    batch.spans.clear();
    TRY(sealer_.add_rest(std::move(batch), ids));
    return Ticket{++pushed_};
  }
  Result<void> flush() override { return {}; }

  Result<std::unique_ptr<Reader>> read() override {
    TRY(runs_.finish());
    SealRecord record = TRY(sealer_.finish());
    Snapshot snapshot;
    snapshot.cancel = writer_.cancel();
    for (const SegmentInfo& info : record.added) snapshot.segments.push_back({info, writer_.path_of(info), true});
    snapshot.received = record.received;
    snapshot.private_directory = std::move(directory_);
    auto rest = TRY(StoreReader::open(std::move(snapshot)));
    return std::unique_ptr<Reader>(
        std::make_unique<PrivateReader>(std::move(runs_), std::move(rest), std::move(writer_)));
  }

 private:
  TraceRuns runs_;
  std::optional<TemporaryDirectory> directory_;
  SegmentWriter writer_;
  Sealer sealer_;
  uint64_t pushed_ = 0;
};

}  // namespace

Result<std::unique_ptr<PrivateStore>> open_private_store(PrivateStoreOptions options) {
  std::optional<TemporaryDirectory> directory;
  for (const std::string& parent : private_parents()) {
    auto made = TemporaryDirectory::create_in(parent, "culprit-store");
    if (!made.has_value()) continue;
    directory.emplace(std::move(made).value());
    break;
  }
  SegmentWriter::Place place{.directory = {}, .keep = SegmentWriter::Keep::InMemory, .cancel = options.cancel};
  if (directory) {
    place.directory = directory->path();
    place.keep = SegmentWriter::Keep::ForNow;
  }
  SegmentWriter writer = TRY(SegmentWriter::open(place, "private"));
  return std::unique_ptr<PrivateStore>(
      std::make_unique<PrivateStoreImpl>(std::move(directory), std::move(writer), options));
}

}  // namespace culprit
