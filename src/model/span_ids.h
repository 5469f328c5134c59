// SpanIds: the span ids of a batch in the encoding of a frame. In a recorder's batch, children precede their parents,
// and the trace id contains the root's span id. Most ids therefore occur two or three times, and they do not compress
// because they are random.
#pragma once

#include <cstdint>
#include <vector>

#include "model/span.h"

namespace culprit {

struct SpanIds {
  // The number of rows from a span to its parent in the same trace; 0: the parent is not a later row.
  std::vector<int64_t> parent_ahead;
  // The columns without the ids that the parent's row gives:
  std::vector<uint64_t> trace_low, parent;
  bool trace_by_span = false;  // trace_low is stored as its exclusive or with the span's own id
};

SpanIds pack_ids(const std::vector<const Span*>& spans);
// Restores the ids; trace_id.high and span_id are already set. Returns false if a parent's row does not exist.
bool unpack_ids(const SpanIds& ids, const std::vector<Span*>& spans);

}  // namespace culprit
