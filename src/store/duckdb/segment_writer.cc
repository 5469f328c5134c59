#include "store/duckdb/segment_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/crc32c.h"
#include "base/saturated.h"
#include "store/duckdb/span_cells.h"
#include "store/files/file.h"

namespace culprit {

namespace {

// Provides the rows of a vector to DuckDB's scan.
template <class Row>
class RowSource : public ChunkSource {
 public:
  RowSource(const DuckdbApi& api, TextCounts& counts, std::vector<Row>& rows, const CancelToken* cancel)
      : api_(api), counts_(counts), rows_(rows), cancel_(cancel) {}

  NamedTypes columns() override {
    ColumnTypes types(api_);
    describe(types, Of<RowOf<Row>>());
    return types.take();
  }
  size_t row_count() override { return rows_.size(); }
  void rewind() override { next_ = 0; }
  size_t fill(const std::vector<duckdb_vector>& vectors, size_t capacity) override {
    if (cancel_ != nullptr && cancel_->requested()) return 0;  // the caller of the sealing checks the token afterwards
    size_t count = std::min(capacity, rows_.size() - next_);
    std::vector<Row*> chunk;
    for (size_t i = 0; i < count; ++i) chunk.push_back(&rows_[next_ + i]);
    next_ += count;
    if (count > 0) fill_chunk(vectors, chunk);
    return count;
  }

 protected:
  virtual void fill_chunk(const std::vector<duckdb_vector>& vectors, const std::vector<Row*>& chunk) {
    Filler<Row> filler(api_, counts_, vectors, chunk);
    describe(filler, Of<RowOf<Row>>());
    done_ = filler.columns_done();
  }
  const DuckdbApi& api_;
  TextCounts& counts_;
  std::vector<Row>& rows_;
  const CancelToken* cancel_;
  size_t next_ = 0, done_ = 0;
};

class SpanSource : public RowSource<StoredSpan> {
 public:
  SpanSource(const DuckdbApi& api, TextCounts& counts, std::vector<StoredSpan>& rows, const PromotedKeys& promoted,
             const CancelToken* cancel)
      : RowSource(api, counts, rows, cancel), promoted_(promoted), cells_(api, promoted) {}
  NamedTypes columns() override { return span_columns(api_, promoted_); }

 private:
  void fill_chunk(const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& chunk) override {
    RowSource::fill_chunk(vectors, chunk);
    cells_.fill(counts_, {vectors.begin() + static_cast<ptrdiff_t>(done_), vectors.end()}, chunk);
  }
  const PromotedKeys& promoted_;
  SpanCells cells_;
};

void stretch(SegmentInfo& info, int64_t start_ns, int64_t end_ns) {
  info.min_ns = std::min({info.min_ns, start_ns, end_ns});
  info.max_ns = std::max({info.max_ns, start_ns, end_ns});
}

// Extends the segment's time range by the times of a row, if the row has times.
template <class Row>
void stretch(SegmentInfo& info, const Row& row) {
  if constexpr (requires { row.start_ns, row.duration_ns; })
    stretch(info, row.start_ns, saturated_sum(row.start_ns, row.duration_ns));
  else if constexpr (requires { row.time_ns; } && !std::is_same_v<Row, LedgerRow>)
    stretch(info, row.time_ns, row.time_ns);
}

SegmentInfo empty_info(std::string_view table, size_t rows) {
  SegmentInfo info;
  info.table = table;
  info.rows = rows;
  info.min_ns = std::numeric_limits<int64_t>::max(), info.max_ns = std::numeric_limits<int64_t>::min();
  return info;
}

}  // namespace

struct SegmentWriter::State {
  std::unique_ptr<Database> database;
  Place place;
  std::string generation;
  std::vector<File> files_in_memory;
  TextCounts counts;
  int written = 0;

  Result<SegmentInfo> write(SegmentInfo info, ChunkSource& source, const std::string& options) {
    auto segment = write_to(place.keep, info, source, options);
    bool cancelled = !check_cancelled(place.cancel).has_value();
    if (segment.has_value() || place.keep != Keep::ForNow || cancelled) return segment;
    // The directory is full. Files for this process alone can also be kept in memory.
    unlink((place.directory + "/" + file_name(info) + ".tmp").c_str());
    source.rewind();
    return write_to(Keep::InMemory, std::move(info), source, options);
  }

  std::string file_name(const SegmentInfo& info) const {
    return info.table + "-" + generation + "-" + std::to_string(written) + ".parquet";
  }

  Result<SegmentInfo> write_to(Keep keep, SegmentInfo info, ChunkSource& source, const std::string& options) {
    std::string scan = "source_" + std::to_string(++written);
    info.file = file_name(info);
    std::string path = place.directory + "/" + info.file, aside = path + ".tmp";
    if (keep == Keep::InMemory) {
      files_in_memory.push_back(TRY(File::in_memory("culprit-segment")));
      info.file = std::to_string(files_in_memory.back().fd());
      path = aside = files_in_memory.back().path();
    }
    TRY(database->add_source(scan, source));
    TRY(database->run("COPY (SELECT * FROM " + scan + "()) TO " + sql_text(aside) +
                      " (FORMAT parquet, USE_TMP_FILE false, COMPRESSION " +
                      (keep == Keep::Durably ? "zstd" : "lz4_raw") + options + ")"));
    TRY(check_cancelled(place.cancel));
    int64_t rows = TRY(database->number("SELECT count(*) FROM read_parquet(" + sql_text(aside) + ")"));
    if (rows != static_cast<int64_t>(info.rows))
      return Error{Error::Kind::Corrupt,
                   "a segment holds " + std::to_string(rows) + " rows of " + std::to_string(info.rows)};
    if (keep == Keep::InMemory) return info;
    if (keep == Keep::Durably) {
      TRY(sync_file(aside));
      info.block_checksums = TRY(block_checksums(aside, place.cancel));
    }
    info.size_bytes = TRY(TRY(File::open(aside, O_RDONLY)).size());
    TRY(rename_file(aside, path));
    return info;
  }
};

SegmentWriter::SegmentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter::~SegmentWriter() = default;

std::string SegmentWriter::path_of(const SegmentInfo& info) const {
  bool in_memory = info.file.find('.') == std::string::npos;
  return (in_memory ? "/proc/self/fd" : state_->place.directory) + "/" + info.file;
}

std::vector<File> SegmentWriter::take_files() { return std::move(state_->files_in_memory); }

Result<SegmentWriter> SegmentWriter::open(const Place& place, const std::string& generation) {
  auto state = std::make_unique<State>();
  // One thread, so that the rows keep their order and the other CPUs stay free.
  state->database = TRY(Database::open(
      {.threads = 1, .memory_limit = "768MB", .temporary_directory = {}, .directories = {}, .cancel = place.cancel}));
  state->place = place;
  state->generation = generation;
  return SegmentWriter(std::move(state));
}

const CancelToken* SegmentWriter::cancel() const { return state_->place.cancel; }

int64_t SegmentWriter::repaired_texts() const { return state_->counts.repaired; }

Result<SegmentInfo> SegmentWriter::write(std::vector<StoredSpan>& rows) {
  SegmentInfo info = empty_info("span", rows.size());
  for (const StoredSpan& row : rows)
    stretch(info, row.span->start_ns, saturated_sum(row.span->start_ns, row.span->duration_ns));
  for (size_t i = 0; i < rows.size(); i += kFenceRows) info.fences.push_back(to_hex(rows[i].span->trace_id));
  if (!rows.empty()) info.fences.push_back(to_hex(rows.back().span->trace_id));
  Promotion promotion = choose_promoted(rows);
  info.promoted = std::move(promotion.columns);
  info.also = std::move(promotion.also);
  PromotedKeys promoted = info.promoted;
  SpanSource source(state_->database->api(), state_->counts, rows, promoted, state_->place.cancel);
  std::string options = ", ROW_GROUP_SIZE " + std::to_string(kFenceRows);
  return state_->write(std::move(info), source, options);
}

template <class Row>
Result<SegmentInfo> SegmentWriter::write(std::vector<Row>& rows) {
  constexpr TableInfo kTable = table_info(Of<RowOf<Row>>());
  SegmentInfo info = empty_info(kTable.name, rows.size());
  for (Row& row : rows) stretch(info, fields_of(row));
  RowSource<Row> source(state_->database->api(), state_->counts, rows, state_->place.cancel);
  return state_->write(std::move(info), source, std::string(kTable.parquet));
}
#define TABLE(section, Row, member) template Result<SegmentInfo> SegmentWriter::write(std::vector<StoredAs<Row>>&);
#define SPANS(section, Row, member)
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"

Result<std::vector<uint32_t>> block_checksums(const std::string& path, const CancelToken* cancel) {
  File file = TRY(File::open(path, O_RDONLY));
  std::vector<uint32_t> checksums;
  std::string block(kChecksumBlock, '\0');
  uint64_t size = TRY(file.size());
  for (uint64_t at = 0; at < size; at += kChecksumBlock) {
    TRY(check_cancelled(cancel));
    size_t length = std::min(kChecksumBlock, size - at), done = 0;
    while (done < length) {
      ssize_t n = pread(file.fd(), block.data() + done, length - done, static_cast<off_t>(at + done));
      if (n <= 0) return system_error("cannot read", path);
      done += static_cast<size_t>(n);
    }
    checksums.push_back(crc32c({block.data(), length}));
  }
  return checksums;
}

}  // namespace culprit
