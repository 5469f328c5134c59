// Batch: rows that travel together with their changes to the ledger. One batch becomes one frame.
#pragma once

#include <vector>

#define ROW_TYPES
#include "model/tables.inc"
#undef ROW_TYPES

namespace culprit {

struct Batch {
  // Spans and logs refer to the resources by index.
#define TABLE(section, Row, member) std::vector<Row> member;
#include "model/tables.inc"

  size_t rows() const {
    return spans.size() + thread_states.size() + logs.size() + metrics.size() + processes.size() + connections.size() +
           hosts.size();
  }
  bool empty() const { return rows() + ledger.size() + received.size() == 0; }
};

}  // namespace culprit
