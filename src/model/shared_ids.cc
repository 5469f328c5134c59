#include "model/shared_ids.h"

#include <algorithm>

#include "base/saturated.h"

namespace culprit {

namespace {

// The largest regular number of spans with one id: a program, a proxy and a gateway at both ends of a call, each with
// one retry. More spans with one id come from a
// faulty generator, and all further ones are collisions. The limit avoids a quadratic number of comparisons.
constexpr size_t kMostViews = 12;

int64_t saturated_end(const Span& span) { return saturated_sum(span.start_ns, std::max<int64_t>(span.duration_ns, 0)); }

bool contains(const Span& outer, int64_t time_ns) {
  return outer.start_ns <= time_ns && time_ns <= saturated_end(outer);
}

// Returns true if the spans are the two ends of one call. The server's span may have no parent (B3 does not require
// one), or the call's id as its parent. If two programs used one id by accident, the parents differ, or the times rule
// out a call, with one clock or with any difference of clocks.
bool are_two_ends(const Span& client, const Span& server) {
  if (client.kind != SpanKind::Client || server.kind != SpanKind::Server) return false;
  bool one_parent = server.parent_span_id == client.parent_span_id || server.parent_span_id == 0 ||
                    server.parent_span_id == server.span_id;
  if (!one_parent) return false;
  bool overlap = server.start_ns <= saturated_end(client) && client.start_ns <= saturated_end(server);
  bool hosts = !client.host.empty() && !server.host.empty();
  bool one_clock = hosts ? client.host == server.host : client.service == server.service;
  return overlap || (!one_clock && server.duration_ns <= client.duration_ns);
}

// Returns true if `inner` is another observer's view of the same end of the call as `outer`. Two calls of one program
// that got the same id from a faulty generator have different names.
bool is_inner_view(const Span& outer, const Span& inner) {
  return outer.kind == inner.kind && outer.parent_span_id == inner.parent_span_id && contains(outer, inner.start_ns) &&
         contains(outer, saturated_end(inner)) && (outer.service != inner.service || outer.name == inner.name);
}

}  // namespace

SharedIds::SharedIds(const std::vector<Span>& spans) : spans_(spans), outer_(spans.size(), kNoSpan) {
  first_.reserve(spans.size());
  for (SpanIndex i = 0; i < spans.size(); ++i) {
    auto [at, fresh] = first_.emplace(spans[i].span_id, i);
    if (fresh) continue;
    std::vector<SpanIndex>& members = several_[spans[i].span_id];
    if (members.empty()) members.push_back(at->second);
    if (members.size() < kMostViews)
      members.push_back(i);
    else
      collisions_.push_back(i);
  }
  for (auto& [id, members] : several_) link(members);
  std::sort(collisions_.begin(), collisions_.end());
}

// Links the views of the end whose first view is `head`. Returns the innermost view.
SpanIndex SharedIds::link_views(const std::vector<SpanIndex>& members, SpanIndex head) {
  SpanIndex inner = head;
  for (SpanIndex member : members) {
    if (member == head || !is_inner_view(spans_[inner], spans_[member])) continue;
    outer_[member] = inner;
    inner = member;
  }
  return inner;
}

void SharedIds::link(const std::vector<SpanIndex>& members) {
  SpanIndex head = members.front(), server = kNoSpan;
  bool paired = false;
  for (SpanIndex client : members)
    for (SpanIndex other : members)
      if (!paired && spans_[client].span_id != 0 && are_two_ends(spans_[client], spans_[other]))
        head = client, server = other, paired = true;
  bool call = spans_[head].kind == SpanKind::Client || spans_[head].kind == SpanKind::Server;
  SpanIndex inner = call && spans_[head].span_id != 0 ? link_views(members, head) : head;
  // A server's span inside another one is the view of another observer. A server's span after another one is a retry.
  SpanIndex last = kNoSpan;
  for (SpanIndex member : members) {
    if (!paired || !are_two_ends(spans_[head], spans_[member])) continue;
    outer_[member] = last != kNoSpan && is_inner_view(spans_[last], spans_[member]) ? last : inner;
    last = member;
  }
  for (SpanIndex member : members)
    if (member != head && member != server) collisions_.push_back(member);
}

// A child of a service that has a view of the call belongs to that view. Any other child belongs to the server's end:
// to its innermost view and, with several attempts, to the attempt during which the child began.
SpanIndex SharedIds::find(uint64_t id, const Span& child) const {
  auto found = first_.find(id);
  if (found == first_.end()) return kNoSpan;
  auto several = several_.find(id);
  if (several == several_.end()) return found->second;
  bool entry = child.kind == SpanKind::Server || child.kind == SpanKind::Consumer;
  SpanIndex best = kNoSpan;
  int best_rank = -1;
  for (SpanIndex member : several->second) {
    const Span& span = spans_[member];
    bool view = outer_[member] != kNoSpan;
    bool served = view && span.kind == SpanKind::Server;
    int rank =
        (!entry && span.service == child.service ? 4 : 0) + (served ? 2 : 0) + (contains(span, child.start_ns) ? 1 : 0);
    if (rank > best_rank || (rank == best_rank && view)) best = member, best_rank = rank;
  }
  return best;
}

}  // namespace culprit
