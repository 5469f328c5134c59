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

  // Counts the rows of all tables but resources and ledger.
  size_t rows() const {
    size_t count = 0;
#define TABLE(section, Row, member) count += member.size();
#define FRAME_ROWS(section, Row, member)
#include "model/tables.inc"
    return count - resources.size() - ledger.size();
  }
  bool empty() const { return rows() + ledger.size() + received.size() == 0; }
};

}  // namespace culprit
