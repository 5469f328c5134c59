#include "model/shared_ids.h"

#include <algorithm>

#include "base/saturated.h"

namespace culprit {

namespace {

// Program, proxy and gateway at either end of a call, each tried again once. Ids of more spans than that are made by a broken
// generator, and all others of them are collisions: comparing each with each would take the square of their number.
constexpr size_t kMostViews = 12;

int64_t saturated_end(const Span& span) { return saturated_sum(span.start_ns, std::max<int64_t>(span.duration_ns, 0)); }

bool contains(const Span& outer, int64_t time_ns) { return outer.start_ns <= time_ns && time_ns <= saturated_end(outer); }

// Whether these are the two ends of one call. A server may know no parent (B3 need not carry it), or name the id of its call as
// its parent. An id that two programs took by accident differs in the parent; or in time, where one clock, or any clock error,
// rules a call out.
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

// Whether `inner` is another observer's view of the end of the call that `outer` is a view of. Two calls of one program whose
// generator made one id twice have names of their own.
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

// Links the views of the end that `head` is the first view of; returns the innermost.
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
  // A server's end inside another is a further observer's; one after another an attempt after it.
  SpanIndex last = kNoSpan;
  for (SpanIndex member : members) {
    if (!paired || !are_two_ends(spans_[head], spans_[member])) continue;
    outer_[member] = last != kNoSpan && is_inner_view(spans_[last], spans_[member]) ? last : inner;
    last = member;
  }
  for (SpanIndex member : members)
    if (member != head && member != server) collisions_.push_back(member);
}

// Work of a program that has a view of the call is that view's. All else that names the id was called by the server's end: by
// the innermost view of it, of several attempts by the one during which it began.
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
