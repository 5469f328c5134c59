// A sink for tests and fuzzers: it keeps all rows and checks the account of every batch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "model/sink.h"

namespace culprit {

class RecordedSink : public Sink {
 public:
  Result<Ticket> push(Batch batch) override {
    check_account(batch);
    for (const Span& span : batch.spans)
      CHECK(span.resource < batch.resources.size(), "a span names a resource of its batch");
    for (const LogRecord& log : batch.logs)
      CHECK(log.resource < batch.resources.size(), "a log names a resource of its batch");
    for (Span& span : batch.spans) {
      resources.push_back(batch.resources[span.resource]);
      spans.push_back(std::move(span));
    }
    for (LogRecord& log : batch.logs) logs.push_back(std::move(log));
    for (MetricPoint& metric : batch.metrics) metrics.push_back(std::move(metric));
    for (HostInfo& host : batch.hosts) hosts.push_back(std::move(host));
    for (Process& process : batch.processes) processes.push_back(std::move(process));
    for (LedgerRow& row : batch.ledger) ledger.push_back(std::move(row));
    return Ticket{++batches};
  }
  Result<void> flush() override { return {}; }

  // Returns the ledger as text: "17 malformed line: line 2: reason" …
  std::vector<std::string> ledger_lines() const {
    std::vector<std::string> lines;
    for (const LedgerRow& row : ledger)
      lines.push_back(std::to_string(row.n) + " " + row.kind + " " + row.unit + ": " + row.detail);
    return lines;
  }

  std::vector<Span> spans;
  std::vector<Resource> resources;  // index: span
  std::vector<LogRecord> logs;
  std::vector<MetricPoint> metrics;
  std::vector<HostInfo> hosts;
  std::vector<Process> processes;
  std::vector<LedgerRow> ledger;
  uint64_t batches = 0;

 private:
  static void check_account(const Batch& batch) {
    std::map<std::string, int64_t> open;
    for (const Received& received : batch.received) open[received.unit] += received.n;
    for (const LedgerRow& row : batch.ledger)
      if (row.kind == "refused") open[row.unit] -= row.n;
    open["span"] -= static_cast<int64_t>(batch.spans.size());
    open["log"] -= static_cast<int64_t>(batch.logs.size());
    open["metric"] -= static_cast<int64_t>(batch.metrics.size());
    for (auto& [unit, n] : open) CHECK(n == 0, "received = stored + refused in every batch");
  }
};

}  // namespace culprit
