// SegmentReader: rows out of Parquet files, typed, by DuckDB. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "store/files/manifest.h"
#include "store/files/stored.h"

namespace culprit {

class Database;

// A segment and where it lies.
struct SegmentFile {
  SegmentInfo info;
  std::string path;
  bool checked = false;  // block by block, or written by this reader just now
};

// Trace ids from `first` on and below `end`; an empty end is no limit.
struct TraceRange {
  std::string first, end;
};

class SegmentReader {
 public:
  static Result<SegmentReader> open();
  SegmentReader(SegmentReader&&) noexcept;
  ~SegmentReader();

  // Remembers the ids of the traces with a span that overlaps [from_ns, to_ns); spans() can then be held to them.
  Result<void> choose_traces(const std::vector<SegmentFile>& segments, int64_t from_ns, int64_t to_ns);

  // The same for those of `traces` (32 hex digits) that these segments hold; says how many.
  Result<size_t> choose_known(const std::vector<SegmentFile>& segments, const std::unordered_set<std::string>& traces);

  enum class Which { All, Chosen };
  Result<void> spans(const SegmentFile& segment, const TraceRange& range, Which which,
                     const std::function<void(Span, uint64_t resource_id)>& visit);
  // With the fields that structure checks ask for, and no others.
  Result<void> skeletons(const SegmentFile& segment, const TraceRange& range, const std::function<void(Span)>& visit);

  // By (tid, start).
  Result<std::vector<ThreadState>> thread_states(const std::vector<SegmentFile>& segments, int32_t tid, int64_t from_ns,
                                                 int64_t to_ns);
  // All rows of a table; resources by their id.
  template <class Row>
  Result<std::vector<Row>> rows(const std::vector<SegmentFile>& segments);
  // Summed over time, by (source, service, stage, kind, unit, evidence, detail).
  Result<std::vector<LedgerRow>> ledger(const std::vector<SegmentFile>& segments);

 private:
  explicit SegmentReader(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
  int chosen_ = 0;
};

}  // namespace culprit
