// StoreReader: a Reader over a fixed set of segments, wherever they lie.
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

// What a store was at one moment.
struct Snapshot {
  std::vector<SegmentFile> segments;
  std::vector<Received> received;
  std::vector<LedgerRow> noticed;                       // while opening, not stored: damaged segments
  std::optional<TemporaryDirectory> private_directory;  // where segments lie that only this reader has
  std::vector<File> files_in_memory;                    // those that lie nowhere

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
  // What is wrong with the store's traces as trees, counted by kind, source and service.
  Result<std::vector<LedgerRow>> structure_defects(const CancelToken* cancel);

 private:
  StoreReader(Snapshot snapshot, SegmentReader reader) : snapshot_(std::move(snapshot)), segments_(std::move(reader)) {}

  using Load = std::function<Result<void>(const SegmentFile&, const TraceRange&, std::vector<Span>&)>;
  Result<void> for_each_group(const std::vector<SegmentFile>& segments, const Load& load,
                              const std::function<bool(Trace)>& visit);
  Result<void> load_resources();
  // The segments of a table that are about to be read: those that were not checked before are now, block by block, and left out
  // aloud where they are damaged.
  std::vector<SegmentFile> check(std::string_view table);
  std::vector<SegmentFile> check(std::string_view table, const std::function<bool(const SegmentInfo&)>& wanted);

  Snapshot snapshot_;
  SegmentReader segments_;
  bool resources_loaded_ = false;
  std::vector<Resource> resources_;
  std::map<uint64_t, uint32_t> resource_index_;
};

}  // namespace culprit
