// SharedIds: the spans of one trace by their ids, and the relation of spans with the same id.
//
// Zipkin's clients and proxies give both ends of a call the same id and parent (B3 "shared" spans). A proxy beside a
// program may report the program's end of the call again, with the same id. Any other two spans with one id are a
// collision.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "model/trace.h"

namespace culprit {

class SharedIds {
 public:
  // `spans` must be in the order of their trace and outlive this object.
  explicit SharedIds(const std::vector<Span>& spans);

  // Returns the outer view of the same call with the same id; kNoSpan: there is none. The outer view of a server's span
  // is the client's span. The outer view of a span that another observer recorded is the span around it.
  SpanIndex outer_view(SpanIndex span) const { return outer_[span]; }
  // Returns true if the outer view is another observer's view of the same end.
  bool same_end(SpanIndex span) const {
    return outer_[span] != kNoSpan && spans_[outer_[span]].kind == spans_[span].kind;
  }
  // The spans whose id another span already has, without both being views of one call.
  const std::vector<SpanIndex>& collisions() const { return collisions_; }

  // Returns the span with this id that `child` refers to; kNoSpan: there is none.
  SpanIndex find(uint64_t id, const Span& child) const;

 private:
  void link(const std::vector<SpanIndex>& members);
  SpanIndex link_views(const std::vector<SpanIndex>& members, SpanIndex head);

  const std::vector<Span>& spans_;
  std::unordered_map<uint64_t, SpanIndex> first_;
  std::map<uint64_t, std::vector<SpanIndex>> several_;  // the ids of more than one span
  std::vector<SpanIndex> outer_, collisions_;
};

}  // namespace culprit
