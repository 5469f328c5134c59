// A Reader over spans in memory, for tests.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "model/finding.h"
#include "store/interface/reader.h"

namespace culprit::analysis {

// Returns "lock_wait/row"; "n_plus_one/" if there is no mechanism.
inline std::string name_of(const Finding& finding) {
  return std::string(to_string(finding.cause)) + "/" + std::string(to_string(finding.mechanism));
}

class FakeReader : public Reader {
 public:
  std::vector<Span> spans;
  std::vector<LogRecord> log_records;
  std::vector<Process> process_rows;
  std::vector<Connection> connection_rows;
  std::vector<HostInfo> host_rows;
  std::vector<LedgerRow> ledger_rows;

  Result<void> for_each_trace(int64_t from_ns, int64_t to_ns, const std::function<bool(Trace)>& visit) override {
    std::map<TraceId, std::vector<Span>> traces;
    for (const Span& span : spans) traces[span.trace_id].push_back(span);
    for (auto& [id, members] : traces) {
      bool within = false;
      for (const Span& span : members) within = within || (span.start_ns < to_ns && span.end_ns() >= from_ns);
      if (within && !visit(make_trace(std::move(members)))) break;
    }
    return {};
  }
  Result<std::optional<Trace>> trace(TraceId id) override {
    std::vector<Span> members;
    for (const Span& span : spans)
      if (span.trace_id == id) members.push_back(span);
    if (members.empty()) return std::optional<Trace>();
    return std::optional<Trace>(make_trace(std::move(members)));
  }
  Result<std::vector<ThreadState>> thread_states(int32_t, int64_t, int64_t) override {
    return std::vector<ThreadState>();
  }
  Result<std::vector<LogRecord>> logs() override { return log_records; }
  Result<std::vector<Process>> processes() override { return process_rows; }
  Result<std::vector<Connection>> connections() override { return connection_rows; }
  Result<std::vector<HostInfo>> hosts() override { return host_rows; }
  Result<std::vector<MetricPoint>> metrics() override { return std::vector<MetricPoint>(); }
  Result<std::vector<Resource>> resources() override { return std::vector<Resource>(); }
  Result<std::vector<LedgerRow>> ledger() override { return ledger_rows; }
  Result<Account> account() override {
    Account account;
    account.received["span"] = account.stored["span"] = static_cast<int64_t>(spans.size());
    return account;
  }
  Result<SqlTable> sql(std::string_view, SqlLimits) override {
    return Error{Error::Kind::Unavailable, "a fake has no SQL"};
  }
};

}  // namespace culprit::analysis
