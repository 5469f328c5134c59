#include <algorithm>
#include <charconv>

#include "cli/command.h"
#include "cli/signals.h"
#include "cli/source.h"

namespace culprit::cli {

namespace {

int64_t number(const std::string& json) {
  int64_t value = 0;  // also for null: no span
  std::from_chars(json.data(), json.data() + json.size(), value);
  return value;
}

// Returns the times of a recording; of traces, from the first start to the last end of a span.
Result<report::TimeRange> times_of(Reader& reader) {
  report::TimeRange range;
  std::vector<HostInfo> hosts = TRY(reader.hosts());
  for (const HostInfo& host : hosts) {
    range.from_ns = range.from_ns == 0 ? host.started_ns : std::min(range.from_ns, host.started_ns);
    range.to_ns = std::max(range.to_ns, host.ended_ns);
  }
  if (!hosts.empty()) return range;
  SqlLimits limits;
  limits.cancel = &stop_token();
  SqlTable times = TRY(reader.sql(
      "SELECT min(start_ns), try_cast(max(start_ns::HUGEINT + greatest(duration_ns, 0)) AS BIGINT) FROM span", limits));
  if (!times.rows.empty()) range = {number(times.rows[0][0]), number(times.rows[0][1])};
  return range;
}

}  // namespace

Result<int> run_quality(const Options& options) {
  Source source = TRY(open_source(TRY(named_source(options, 0))));
  Account account = TRY(source.reader->account());
  std::vector<LedgerRow> rows = TRY(source.reader->ledger());
  report::Look look = look_of(options);
  report::TimeRange range;
  if (look.window) range = TRY(times_of(*source.reader));
  TRY(print_text(options, report::quality_text(account, rows, look, range), report::quality_json(account, rows)));
  return 0;
}

}  // namespace culprit::cli
