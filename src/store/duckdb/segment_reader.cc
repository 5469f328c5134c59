#include "store/duckdb/segment_reader.h"

#include <algorithm>
#include <set>

#include "store/duckdb/span_cells.h"
#include "store/duckdb/table_source.h"

namespace culprit {

namespace {

std::string select_list(const NamedTypes& columns) {
  std::string list;
  for (auto& [name, type] : columns) list += (list.empty() ? "" : ", ") + sql_name(name);
  return list;
}

template <class Row>
NamedTypes columns_of(const DuckdbApi& api) {
  ColumnTypes types(api);
  describe(types, Of<RowOf<Row>>());
  return types.take();
}

std::string files_of(const std::vector<SegmentFile>& segments) {
  std::string list;
  for (const SegmentFile& segment : segments) list += (list.empty() ? "" : ", ") + sql_text(segment.path);
  return "read_parquet([" + list + "])";
}

// Returns the rows of one table from all its segments. `rest` is the WHERE and ORDER BY clauses.
template <class Row>
Result<std::vector<Row>> rows_of(Database& database, const std::vector<SegmentFile>& segments,
                                 const std::string& rest = {}) {
  std::vector<Row> rows;
  if (segments.empty()) return rows;
  NamedTypes columns = columns_of<Row>(database.api());
  TRY(database.query("SELECT " + select_list(columns) + " FROM (" + table_source(segments) + ")" + rest, columns,
                     [&](const Chunk& chunk) {
                       size_t first = rows.size();
                       rows.resize(first + chunk.rows);
                       std::vector<Row*> fresh;
                       for (size_t i = first; i < rows.size(); ++i) fresh.push_back(&rows[i]);
                       RowReader<Row> reader(database.api(), chunk.columns, fresh);
                       describe(reader, Of<RowOf<Row>>());
                     }));
  return rows;
}

std::string in_range(const TraceRange& range) {
  std::string condition = " WHERE trace_id >= " + sql_text(range.first);
  if (!range.end.empty()) condition += " AND trace_id < " + sql_text(range.end);
  return condition;
}

// HUGEINT, because malformed start times and durations can overflow BIGINT.
std::string overlaps(int64_t from_ns, int64_t to_ns) {
  return "start_ns < " + std::to_string(to_ns) + " AND (start_ns >= " + std::to_string(from_ns) +
         " OR start_ns::HUGEINT + duration_ns > " + std::to_string(from_ns) + ")";
}

}  // namespace

SegmentReader::SegmentReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}
SegmentReader::SegmentReader(SegmentReader&&) noexcept = default;
SegmentReader::~SegmentReader() = default;

Result<SegmentReader> SegmentReader::open(const CancelToken* cancel) {
  return SegmentReader(TRY(Database::open(
      {.threads = 1, .memory_limit = "1GB", .temporary_directory = {}, .directories = {}, .cancel = cancel})));
}

Result<void> SegmentReader::choose_traces(const std::vector<SegmentFile>& segments, int64_t from_ns, int64_t to_ns) {
  std::string table = "chosen_" + std::to_string(++chosen_);
  if (segments.empty()) return database_->run("CREATE TEMP TABLE " + table + " (trace_id VARCHAR)");
  return database_->run("CREATE TEMP TABLE " + table + " AS SELECT DISTINCT trace_id FROM " + files_of(segments) +
                        " WHERE " + overlaps(from_ns, to_ns));
}

Result<size_t> SegmentReader::choose_known(const std::vector<SegmentFile>& segments,
                                           const std::unordered_set<std::string>& traces) {
  std::vector<std::string> common;
  for (const SegmentFile& segment : segments)
    TRY(database_->query("SELECT DISTINCT CAST(trace_id AS VARCHAR) FROM " + files_of({segment}),
                         [&](const Chunk& chunk) {
                           for (size_t i = 0; i < chunk.rows; ++i) {
                             std::string id(text_at(database_->api(), chunk.columns[0], i));
                             if (traces.contains(id)) common.push_back(std::move(id));
                           }
                         }));
  std::string table = "chosen_" + std::to_string(++chosen_);
  TRY(database_->run("CREATE TEMP TABLE " + table + " (trace_id VARCHAR)"));
  constexpr size_t kIdsPerInsert = 2000;
  for (size_t first = 0; first < common.size(); first += kIdsPerInsert) {
    std::string values;
    for (size_t i = first; i < std::min(common.size(), first + kIdsPerInsert); ++i)
      values += (i == first ? "(" : ", (") + sql_text(common[i]) + ")";
    TRY(database_->run("INSERT INTO " + table + " VALUES " + values));
  }
  return common.size();
}

Result<void> SegmentReader::spans(const SegmentFile& segment, const TraceRange& range, Which which,
                                  const std::function<void(Span, uint64_t)>& visit) {
  const DuckdbApi& api = database_->api();
  NamedTypes columns = span_columns(api, segment.info.promoted);
  std::string sql = "SELECT " + select_list(columns) + " FROM " + files_of({segment}) + in_range(range);
  if (which == Which::Chosen) sql += " AND trace_id IN (SELECT trace_id FROM chosen_" + std::to_string(chosen_) + ")";
  SpanCells cells(api, segment.info.promoted);
  return database_->query(sql, columns, [&](const Chunk& chunk) {
    std::vector<Span> spans(chunk.rows);
    std::vector<StoredSpan> rows(chunk.rows);
    std::vector<StoredSpan*> pointers;
    for (size_t i = 0; i < chunk.rows; ++i) rows[i].span = &spans[i], pointers.push_back(&rows[i]);
    RowReader<StoredSpan> reader(api, chunk.columns, pointers);
    describe(reader, Of<Span>());
    cells.read({chunk.columns.begin() + static_cast<ptrdiff_t>(reader.columns_done()), chunk.columns.end()}, pointers);
    for (size_t i = 0; i < chunk.rows; ++i) visit(std::move(spans[i]), rows[i].resource_id);
  });
}

Result<void> SegmentReader::skeletons(const SegmentFile& segment, const TraceRange& range,
                                      const std::function<void(Span)>& visit) {
  // The columns that make_trace() needs, and the source for the ledger.
  static const std::set<std::string> kColumns = {"trace_id",    "span_id", "parent_span_id", "start_ns",
                                                 "duration_ns", "service", "name",           "kind",
                                                 "host",        "source",  "otel_flags"};
  const DuckdbApi& api = database_->api();
  ColumnTypes types(api, &kColumns);
  describe(types, Of<Span>());
  NamedTypes columns = types.take();
  std::string sql = "SELECT " + select_list(columns) + " FROM " + files_of({segment}) + in_range(range);
  return database_->query(sql, columns, [&](const Chunk& chunk) {
    std::vector<Span> spans(chunk.rows);
    std::vector<Span*> pointers;
    for (Span& span : spans) pointers.push_back(&span);
    RowReader<Span> reader(api, chunk.columns, pointers, 0, &kColumns);
    describe(reader, Of<Span>());
    for (Span& span : spans) visit(std::move(span));
  });
}

Result<std::vector<ThreadState>> SegmentReader::thread_states(const std::vector<SegmentFile>& segments, int32_t tid,
                                                              int64_t from_ns, int64_t to_ns) {
  std::string where = " WHERE " + overlaps(from_ns, to_ns);
  if (tid != 0) where += " AND tid = " + std::to_string(tid);
  return rows_of<ThreadState>(*database_, segments, where + " ORDER BY tid, start_ns, duration_ns");
}

template <class Row>
Result<std::vector<Row>> SegmentReader::rows(const std::vector<SegmentFile>& segments) {
  return rows_of<Row>(*database_, segments, std::is_same_v<Row, StoredResource> ? " ORDER BY resource_id" : "");
}
#define TABLE(section, Row, member) \
  template Result<std::vector<StoredAs<Row>>> SegmentReader::rows(const std::vector<SegmentFile>&);
#define SPANS(section, Row, member)
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"

Result<std::vector<LedgerRow>> SegmentReader::ledger(const std::vector<SegmentFile>& segments) {
  std::vector<LedgerRow> rows;
  if (segments.empty()) return rows;
  std::string sql = "SELECT 0::BIGINT, source, service, stage, kind, unit, sum(n)::BIGINT, evidence, detail FROM " +
                    files_of(segments) +
                    " GROUP BY source, service, stage, kind, unit, evidence, detail ORDER BY source, service, stage, "
                    "kind, unit, evidence, detail";
  TRY(database_->query(sql, columns_of<LedgerRow>(database_->api()), [&](const Chunk& chunk) {
    size_t first = rows.size();
    rows.resize(first + chunk.rows);
    std::vector<LedgerRow*> fresh;
    for (size_t i = first; i < rows.size(); ++i) fresh.push_back(&rows[i]);
    RowReader<LedgerRow> reader(database_->api(), chunk.columns, fresh);
    describe(reader, Of<LedgerRow>());
  }));
  return rows;
}

}  // namespace culprit
