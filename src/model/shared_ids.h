// SharedIds: the spans of one trace by their ids, and what spans under one id are to each other.
//
// Zipkin's clients and proxies give the two ends of a call one id and one parent (B3 "shared" spans). A proxy beside a program
// may report the program's end of the call once more, under the same id. Any other two spans under one id are a collision.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "model/trace.h"

namespace culprit {

class SharedIds {
 public:
  // `spans` are in the order of their trace and outlive this.
  explicit SharedIds(const std::vector<Span>& spans);

  // The view of the same call, under the same id, that `span` lies below: of a server's end its client's, of a copy of an end
  // that another observer reported the one around it. kNoSpan: none.
  SpanIndex outer_view(SpanIndex span) const { return outer_[span]; }
  // Whether that is another observer's view of the same end.
  bool same_end(SpanIndex span) const {
    return outer_[span] != kNoSpan && spans_[outer_[span]].kind == spans_[span].kind;
  }
  // Spans whose id another span of their kind, or of no part in the same call, already has.
  const std::vector<SpanIndex>& collisions() const { return collisions_; }

  // The span of this id that `child` means by it; kNoSpan: there is none.
  SpanIndex find(uint64_t id, const Span& child) const;

 private:
  void link(const std::vector<SpanIndex>& members);
  SpanIndex link_views(const std::vector<SpanIndex>& members, SpanIndex head);

  const std::vector<Span>& spans_;
  std::unordered_map<uint64_t, SpanIndex> first_;
  std::map<uint64_t, std::vector<SpanIndex>> several_;  // ids of more than one span
  std::vector<SpanIndex> outer_, collisions_;
};

}  // namespace culprit
