// SpanIds: the ids of a batch's spans as their frame holds them. A recorder's spans come children first and bear their root's
// id in their trace's: most ids of a batch stand in it twice or three times, and random bytes do not compress.
#pragma once

#include <cstdint>
#include <vector>

#include "model/span.h"

namespace culprit {

struct SpanIds {
  std::vector<int64_t>
      parent_ahead;  // rows from a span to its parent, which is of the same trace; 0: it does not follow
  // Without what the parent's row tells:
  std::vector<uint64_t> trace_low, parent;
  bool trace_by_span = false;  // trace_low is its exclusive or with the span's own id
};

SpanIds pack_ids(const std::vector<const Span*>& spans);
// Takes trace_id.high and span_id as they stand. False: a row's parent is no row behind it.
bool unpack_ids(const SpanIds& ids, const std::vector<Span*>& spans);

}  // namespace culprit
