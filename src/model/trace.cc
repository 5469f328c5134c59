#include "model/trace.h"

#include <algorithm>
#include <tuple>

#include "model/shared_ids.h"

namespace culprit {

namespace {

// Marks spans that are their own ancestors. The algorithm colours each path from a span to its root, without recursion.
std::vector<bool> find_cycles(const std::vector<SpanIndex>& parent) {
  std::vector<bool> circular(parent.size(), false);
  std::vector<uint32_t> visited_by(parent.size(), 0);  // 0: not yet
  for (SpanIndex start = 0; start < parent.size(); ++start) {
    SpanIndex at = start;
    while (at != kNoSpan && visited_by[at] == 0) visited_by[at] = start + 1, at = parent[at];
    if (at == kNoSpan || visited_by[at] != start + 1) continue;
    for (SpanIndex member = at; !circular[member]; member = parent[member]) circular[member] = true;
  }
  return circular;
}

// Returns the parent that `span` names, if it exists. Notes and flags defects of the span itself.
SpanIndex find_parent(Span& span, SpanIndex i, const SharedIds& ids, std::vector<Trace::Defect>& defects) {
  if (span.duration_ns < 0) {
    defects.push_back({"negative_duration", i});
    span.flags |= kNegativeDuration;
  } else if (span.duration_ns == 0) {
    defects.push_back({"zero_duration", i});
  }
  if (SpanIndex outer = ids.outer_view(i); outer != kNoSpan) {
    span.flags |= ids.same_end(i) ? kOtherObserver : kSharedId;
    return outer;
  }
  if (span.parent_span_id == 0) return kNoSpan;
  if (span.parent_span_id == span.span_id) {
    defects.push_back({"self_parent", i});
    return kNoSpan;
  }
  SpanIndex parent = ids.find(span.parent_span_id, span);
  if (parent != kNoSpan) return parent;
  span.flags |= kOrphan;
  // Only an entry span can have a parent in another process.
  bool remote = span.kind == SpanKind::Server || span.kind == SpanKind::Consumer || (span.otel_flags & 0x300) == 0x300;
  defects.push_back({remote ? "orphan_remote" : "orphan_local", i});
  return kNoSpan;
}

// Orders spans by time. Spans of equal times are ordered by other fields, so that the order of arrival does not matter.
bool comes_before(const Span& a, const Span& b) {
  if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
  if (a.duration_ns != b.duration_ns) return a.duration_ns > b.duration_ns;
  return std::tie(a.span_id, a.parent_span_id, a.kind, a.service, a.host) <
         std::tie(b.span_id, b.parent_span_id, b.kind, b.service, b.host);
}

}  // namespace

SpanIndex Trace::root() const {
  auto begins = [](const Span& span) {
    return span.parent_span_id == 0 && std::none_of(span.links.begin(), span.links.end(), [&](const SpanLink& link) {
             return link.trace_id == span.trace_id && link.span_id != span.span_id;
           });
  };
  SpanIndex best = kNoSpan;
  bool best_begins = false;
  for (SpanIndex root : roots) {
    bool begin = begins(spans[root]);
    bool longer = best == kNoSpan || spans[root].duration_ns > spans[best].duration_ns;
    if (begin != best_begins ? begin : longer) best = root, best_begins = begin;
  }
  return best;
}

Trace make_trace(std::vector<Span> spans) {
  Trace trace;
  if (spans.empty()) return trace;
  trace.id = spans.front().trace_id;
  std::stable_sort(spans.begin(), spans.end(), comes_before);

  const SharedIds ids(spans);
  auto note = [&](std::string_view kind, SpanIndex span) { trace.defects.push_back({kind, span}); };
  trace.parent.assign(spans.size(), kNoSpan);
  for (SpanIndex collision : ids.collisions()) note("id_collision", collision);
  for (SpanIndex i = 0; i < spans.size(); ++i) {
    trace.parent[i] = find_parent(spans[i], i, ids, trace.defects);
  }
  std::vector<bool> circular = find_cycles(trace.parent);
  for (SpanIndex i = 0; i < spans.size(); ++i) {
    if (!circular[i]) continue;
    note("cycle", i);
    trace.parent[i] = kNoSpan;
  }

  trace.children.resize(spans.size());
  size_t true_roots = 0;
  for (SpanIndex i = 0; i < spans.size(); ++i) {
    SpanIndex parent = trace.parent[i];
    if (parent == kNoSpan) {
      trace.roots.push_back(i);
      true_roots += spans[i].parent_span_id == 0;
      continue;
    }
    trace.children[parent].push_back(i);
    if (spans[i].start_ns < spans[parent].start_ns || spans[i].end_ns() > spans[parent].end_ns())
      note("child_outside", i);
  }
  if (true_roots == 0) note("rootless", kNoSpan);
  if (true_roots > 1) note("multi_root", kNoSpan);
  trace.spans = std::move(spans);
  return trace;
}

}  // namespace culprit
