// StoreReader: a Reader over a fixed set of segments, in any directory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/tree.h"
#include "store/duckdb/segment_reader.h"
#include "store/files/file.h"
#include "store/interface/reader.h"

namespace culprit {

// The contents of a store at one moment.
struct Snapshot {
  std::vector<SegmentFile> segments;
  std::vector<Received> received;
  std::vector<LedgerRow> noticed;                       // ledger rows from opening, not stored: damaged segments
  std::optional<TemporaryDirectory> private_directory;  // the directory of segments that only this reader uses
  std::vector<File> files_in_memory;                    // segment files that exist only in memory
  const CancelToken* cancel = nullptr;                  // ends reading with an Error of kind Cancelled; may be null

  std::vector<SegmentFile> of_table(std::string_view table) const;
};

class StoreReader : public Reader {
 public:
  static Result<std::unique_ptr<StoreReader>> open(Snapshot snapshot);

  Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) override;
  Result<std::optional<Trace>> trace(TraceId id) override;
  Result<std::vector<ThreadState>> thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) override;
  Result<std::vector<LogRecord>> logs() override;
  Result<std::vector<MetricPoint>> metrics() override;
  Result<std::vector<Process>> processes() override;
  Result<std::vector<Connection>> connections() override;
  Result<std::vector<HostInfo>> hosts() override;
  Result<std::vector<Resource>> resources() override;
  Result<Batch> rows(std::string_view table) override;
  Result<std::vector<LedgerRow>> ledger() override;
  Result<Account> account() override;
  Result<SqlTable> sql(std::string_view select, SqlLimits limits) override;

  const Snapshot& snapshot() const { return snapshot_; }
  // Returns the irregularities of the store's traces, counted by kind, source and service.
  Result<std::vector<LedgerRow>> structure_defects(const CancelToken* cancel);

 private:
  StoreReader(Snapshot snapshot, SegmentReader reader) : snapshot_(std::move(snapshot)), segments_(std::move(reader)) {}

  using Load = std::function<Result<void>(const SegmentFile&, const TraceRange&, std::vector<Span>&)>;
  Result<void> for_each_group(const std::vector<SegmentFile>& segments, const Load& load,
                              const std::function<bool(Trace)>& visit);
  Result<void> load_resources();
  // Returns the segments of a table before they are read. Verifies every block of segments that were not verified
  // before. Damaged segments are left out and noted.
  std::vector<SegmentFile> check(std::string_view table);
  std::vector<SegmentFile> check(std::string_view table, const std::function<bool(const SegmentInfo&)>& wanted);

  Snapshot snapshot_;
  SegmentReader segments_;
  bool resources_loaded_ = false;
  std::vector<Resource> resources_;
  std::map<uint64_t, uint32_t> resource_index_;
};

}  // namespace culprit
