// SegmentReader: reads typed rows from Parquet files with DuckDB. For use on one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "store/files/manifest.h"
#include "store/files/stored.h"

namespace culprit {

class Database;

// A segment and its path.
struct SegmentFile {
  SegmentInfo info;
  std::string path;
  bool checked = false;  // every block was verified, or this process has just written the segment
};

// The range of trace ids from `first` up to, but not including, `end`. An empty `end` means no limit.
struct TraceRange {
  std::string first, end;
};

class SegmentReader {
 public:
  // `cancel` ends each query with an Error of kind Cancelled; may be null.
  static Result<SegmentReader> open(const CancelToken* cancel);
  SegmentReader(SegmentReader&&) noexcept;
  ~SegmentReader();

  // Chooses the traces with a span that overlaps [from_ns, to_ns). spans() can then be limited to the chosen traces.
  Result<void> choose_traces(const std::vector<SegmentFile>& segments, int64_t from_ns, int64_t to_ns);

  // Chooses those of `traces` (32 hex digits) that the segments contain. Returns their number.
  Result<size_t> choose_known(const std::vector<SegmentFile>& segments, const std::unordered_set<std::string>& traces);

  enum class Which { All, Chosen };
  Result<void> spans(const SegmentFile& segment, const TraceRange& range, Which which,
                     const std::function<void(Span, uint64_t resource_id)>& visit);
  // Returns spans with only the fields that the checks of the trace structure need.
  Result<void> skeletons(const SegmentFile& segment, const TraceRange& range, const std::function<void(Span)>& visit);

  // Returns the states ordered by (tid, start).
  Result<std::vector<ThreadState>> thread_states(const std::vector<SegmentFile>& segments, int32_t tid, int64_t from_ns,
                                                 int64_t to_ns);
  // Returns all rows of a table; resources ordered by id.
  template <class Row>
  Result<std::vector<Row>> rows(const std::vector<SegmentFile>& segments);
  // Returns the rows summed over time, grouped by (source, service, stage, kind, unit, evidence, detail).
  Result<std::vector<LedgerRow>> ledger(const std::vector<SegmentFile>& segments);

 private:
  explicit SegmentReader(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
  int chosen_ = 0;
};

}  // namespace culprit
