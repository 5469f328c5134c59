// Reader: the seam through which analyses read a store: one snapshot of it, whole traces, the small tables, and SQL.
//
// A snapshot does not change: what is written after open() is not seen. Not thread-safe.
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

// The answer to a SELECT: every value as JSON text (integers exact), so that nothing is rounded on the way.
struct SqlTable {
  struct Column {
    std::string name, type;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // JSON values: 42, "text", null, [..], {..}
  bool capped = false;                         // more rows than max_rows
};
struct SqlLimits {
  int64_t max_rows = 100'000;
  int64_t timeout_ms = 30'000;
  uint64_t memory_bytes = uint64_t{1} << 30;
  // What memory does not hold goes to a private directory that is gone with the answer; 0: nothing does.
  uint64_t spill_bytes = uint64_t{4} << 30;
  const CancelToken* cancel = nullptr;  // ends the query; may be null
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Every trace with a span in [from_ns, to_ns), whole, in order of trace id; `visit` returning false ends it.
  virtual Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) = 0;
  virtual Result<std::optional<Trace>> trace(TraceId id) = 0;
  // Threads' states that overlap [from_ns, to_ns), by (tid, start); tid 0: of all threads.
  virtual Result<std::vector<ThreadState>> thread_states(int32_t tid, int64_t from_ns, int64_t to_ns) = 0;
  virtual Result<std::vector<LogRecord>> logs() = 0;
  virtual Result<std::vector<MetricPoint>> metrics() = 0;
  virtual Result<std::vector<Process>> processes() = 0;
  virtual Result<std::vector<Connection>> connections() = 0;
  virtual Result<std::vector<HostInfo>> hosts() = 0;
  // What Span::resource and LogRecord::resource of this reader's answers are indexes into.
  virtual Result<std::vector<Resource>> resources() = 0;
  // All rows of any other table but span, as they lie in the store, in the batch's member for it.
  virtual Result<Batch> rows(std::string_view) { return Batch(); }
  // Summed by (source, service, stage, kind, unit, evidence, detail).
  virtual Result<std::vector<LedgerRow>> ledger() = 0;
  virtual Result<Account> account() = 0;
  // One SELECT over the documented tables, in a sandboxed process of its own.
  virtual Result<SqlTable> sql(std::string_view select, SqlLimits limits) = 0;
};

}  // namespace culprit
