// Reader: the interface through which analyses read a store. It provides one snapshot: whole traces, the small tables,
// and SQL.
//
// A snapshot does not change: later writes are not visible. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/ledger.h"
#include "model/trace.h"

namespace culprit {

// The result of a SELECT. Every value is JSON text with exact integers, so nothing is rounded.
struct SqlTable {
  struct Column {
    std::string name, type;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // JSON values: 42, "text", null, [..], {..}
  bool capped = false;                         // the result has more rows than max_rows
};
struct SqlLimits {
  int64_t max_rows = 100'000;
  int64_t timeout_ms = 30'000;
  uint64_t memory_bytes = uint64_t{1} << 30;
  // The limit of temporary files. They are in a private directory that is removed after the query. 0: no temporary
  // files.
  uint64_t spill_bytes = uint64_t{4} << 30;
  const CancelToken* cancel = nullptr;  // cancels the query; may be null
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Visits every trace with a span in [from_ns, to_ns), complete, in order of trace id. Stops when `visit` returns
  // false.
  virtual Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) = 0;
  virtual Result<std::optional<Trace>> trace(TraceId id) = 0;
  // Returns the thread states that overlap [from_ns, to_ns), ordered by (tid, start). tid 0: all threads.
  virtual Result<std::vector<ThreadState>> thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) = 0;
  virtual Result<std::vector<LogRecord>> logs() = 0;
  virtual Result<std::vector<MetricPoint>> metrics() = 0;
  virtual Result<std::vector<Process>> processes() = 0;
  virtual Result<std::vector<Connection>> connections() = 0;
  virtual Result<std::vector<HostInfo>> hosts() = 0;
  // Returns the resources that Span::resource and LogRecord::resource of this reader's results index.
  virtual Result<std::vector<Resource>> resources() = 0;
  // Returns all rows of any other table except span, unchanged, in the table's member of a batch.
  virtual Result<Batch> rows(std::string_view) { return Batch(); }
  // Returns the ledger summed by (source, service, stage, kind, unit, evidence, detail).
  virtual Result<std::vector<LedgerRow>> ledger() = 0;
  virtual Result<Account> account() = 0;
  // Runs one SELECT over the documented tables in a sandboxed process.
  virtual Result<SqlTable> sql(std::string_view select, SqlLimits limits) = 0;
};

}  // namespace culprit
