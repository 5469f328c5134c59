// Batch: rows that travel together with the changes they make to the ledger; one batch becomes one frame.
#pragma once

#include <vector>

#include "model/ledger.h"
#include "model/record.h"
#include "model/span.h"

namespace culprit {

struct Batch {
  std::vector<Resource> resources;  // spans and logs point into it by index
  std::vector<Span> spans;
  std::vector<ThreadState> thread_states;
  std::vector<LogRecord> logs;
  std::vector<MetricPoint> metrics;
  std::vector<Process> processes;
  std::vector<Connection> connections;
  std::vector<HostInfo> hosts;
  std::vector<LedgerRow> ledger;
  std::vector<Received> received;

  size_t rows() const {
    return spans.size() + thread_states.size() + logs.size() + metrics.size() + processes.size() + connections.size() +
           hosts.size();
  }
  bool empty() const { return rows() + ledger.size() + received.size() == 0; }
};

}  // namespace culprit
