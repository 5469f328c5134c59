#include "model/span_ids.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace culprit {

namespace {

// Rows by span id. The sender may have chosen the ids: if too many fall into one place, some are not found, which only
// costs bytes.
class Rows {
 public:
  explicit Rows(const std::vector<const Span*>& spans) : spans_(spans), table_(std::bit_ceil(2 * spans.size() + 1)) {
    for (uint32_t row = 0; row < spans.size(); ++row)
      for (size_t step = 0; step < kMostSteps; ++step) {
        uint32_t& place = at(spans[row]->span_id, step);
        if (place != 0) continue;
        place = row + 1;
        break;
      }
  }
  std::optional<size_t> find(uint64_t span_id) {
    for (size_t step = 0; step < kMostSteps; ++step) {
      const uint32_t place = at(span_id, step);
      if (place == 0) break;
      if (spans_[place - 1]->span_id == span_id) return place - 1;
    }
    return std::nullopt;
  }

 private:
  static constexpr size_t kMostSteps = 16;
  uint32_t& at(uint64_t span_id, size_t step) {
    return table_[((span_id * 0x9e3779b97f4a7c15ull >> 32) + step) & (table_.size() - 1)];
  }
  const std::vector<const Span*>& spans_;
  std::vector<uint32_t> table_;  // 0: free; else the row + 1
};

}  // namespace

SpanIds pack_ids(const std::vector<const Span*>& spans) {
  SpanIds ids;
  const size_t count = spans.size();
  ids.parent_ahead.resize(count), ids.trace_low.resize(count), ids.parent.resize(count);
  std::optional<Rows> rows;
  size_t alone = 0, roots = 0;
  for (size_t i = 0; i < count; ++i) {
    const Span& span = *spans[i];
    if (span.parent_span_id != 0) {
      if (!rows) rows.emplace(spans);
      const std::optional<size_t> parent = rows->find(span.parent_span_id);
      if (parent && *parent > i && spans[*parent]->trace_id == span.trace_id) {
        ids.parent_ahead[i] = static_cast<int64_t>(*parent - i);
        continue;
      }
    }
    ids.trace_low[i] = span.trace_id.low, ids.parent[i] = span.parent_span_id;
    ++alone, roots += span.trace_id.low == span.span_id;
  }
  ids.trace_by_span = roots * 2 > alone;
  for (size_t i = 0; ids.trace_by_span && i < count; ++i)
    if (ids.parent_ahead[i] == 0) ids.trace_low[i] ^= spans[i]->span_id;
  return ids;
}

bool unpack_ids(const SpanIds& ids, const std::vector<Span*>& spans) {
  for (size_t i = spans.size(); i-- > 0;) {
    Span& span = *spans[i];
    const int64_t ahead = ids.parent_ahead[i];
    if (ahead == 0) {
      span.trace_id.low = ids.trace_low[i] ^ (ids.trace_by_span ? span.span_id : 0);
      span.parent_span_id = ids.parent[i];
      continue;
    }
    if (ahead < 0 || ahead >= static_cast<int64_t>(spans.size() - i)) return false;
    const Span& parent = *spans[i + static_cast<size_t>(ahead)];
    span.trace_id.low = parent.trace_id.low, span.parent_span_id = parent.span_id;
  }
  return true;
}

}  // namespace culprit
