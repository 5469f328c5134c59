#include "analysis/trace/clock_skew.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace culprit::analysis {

namespace {

// Agents that round times to milliseconds may let a child begin before its parent on the same machine.
constexpr int64_t kCoarseNs = 1'000'000;
// kFarthestNs means that there is no bound. Times are limited to the year 2043, so that no difference overflows.
constexpr int64_t kFarthestNs = int64_t{1} << 62, kLatestNs = int64_t{1} << 61;

// The machine whose clock gives a span's times. Without a host name, each service counts as a machine.
using Machine = std::pair<bool, std::string_view>;  // named, name
Machine machine_of(const Span& span) {
  if (!span.host.empty()) return {true, span.host};
  return {false, span.service};
}

// The bounds from the calls between two machines, for the offset of the second clock against the first. The offset is
// added to the second machine's times.
struct Bounds {
  int64_t low = -kFarthestNs, high = kFarthestNs;
  int64_t likely_high = kFarthestNs;  // valid if the callee had answered before its caller's span ended
  int64_t likely_low = -kFarthestNs;

  int64_t estimate() const {
    if (low > high || (low <= kCoarseNs && high >= -kCoarseNs)) return 0;
    // With only one bound, the estimate is that bound: the smallest shift that respects it.
    int64_t from = std::max(low, std::min(likely_low, high)), to = std::min(high, std::max(likely_high, low));
    if (from == -kFarthestNs) return to;
    if (to == kFarthestNs) return from;
    return from + (to - from) / 2;
  }
};

using Pair = std::pair<Machine, Machine>;

bool usable(const Span& parent, const Span& child) {
  auto plain = [](const Span& s) {
    bool message = s.kind == SpanKind::Producer || s.kind == SpanKind::Consumer;
    bool sane = s.start_ns > -kLatestNs && s.start_ns < kLatestNs && s.duration_ns >= 0 && s.duration_ns < kLatestNs;
    return !message && sane;
  };
  return plain(parent) && plain(child) && !((parent.flags | child.flags) & kUnfinished);
}

// Without host names, only the two ends of a call show that there are two machines.
void add_edge(std::map<Pair, Bounds>& pairs, const Span& parent, const Span& child) {
  Machine from = machine_of(parent), to = machine_of(child);
  bool call = parent.kind == SpanKind::Client && child.kind == SpanKind::Server;
  if (from == to || !usable(parent, child) || !(call || (from.first && to.first))) return;
  Bounds edge;
  edge.low = parent.start_ns - child.start_ns;
  int64_t high = parent.end_ns() - child.end_ns();
  // A caller that failed may have ended before the answer arrived.
  bool answered = high >= edge.low && parent.status != SpanStatus::Error;
  if (answered) edge.likely_high = high;
  if (answered && call) edge.high = high;
  if (to < from) {
    std::swap(from, to);
    edge = {-edge.high, -edge.low, -edge.likely_low, -edge.likely_high};
  }
  Bounds& bounds = pairs[{from, to}];
  bounds.low = std::max(bounds.low, edge.low), bounds.high = std::min(bounds.high, edge.high);
  bounds.likely_low = std::max(bounds.likely_low, edge.likely_low);
  bounds.likely_high = std::min(bounds.likely_high, edge.likely_high);
}

int64_t offset_between(const std::map<Pair, Bounds>& pairs, const Machine& from, const Machine& to) {
  bool turned = to < from;
  auto found = pairs.find(turned ? Pair{to, from} : Pair{from, to});
  if (found == pairs.end()) return 0;
  int64_t offset = found->second.estimate();
  return turned ? -offset : offset;
}

}  // namespace

std::vector<int64_t> clock_shifts(const Trace& trace, SpanIndex root) {
  bool outside = std::any_of(trace.defects.begin(), trace.defects.end(),
                             [](const Trace::Defect& defect) { return defect.kind == "child_outside"; });
  if (!outside) return {};
  std::map<Pair, Bounds> pairs;
  for (SpanIndex i = 0; i < trace.spans.size(); ++i)
    if (trace.parent[i] != kNoSpan) add_edge(pairs, trace.spans[trace.parent[i]], trace.spans[i]);

  std::map<Machine, int64_t> offsets = {{machine_of(trace.spans[root]), 0}};
  std::vector<int64_t> shifts(trace.spans.size(), 0);
  std::vector<SpanIndex> todo = {root};
  bool any = false;
  while (!todo.empty()) {
    SpanIndex parent = todo.back();
    todo.pop_back();
    Machine from = machine_of(trace.spans[parent]);
    for (SpanIndex child : trace.children[parent]) {
      Machine to = machine_of(trace.spans[child]);
      auto [at, fresh] = offsets.emplace(to, 0);
      if (fresh) at->second = std::clamp(offsets[from] + offset_between(pairs, from, to), -kLatestNs, kLatestNs);
      shifts[child] = at->second;
      any = any || at->second != 0;
      todo.push_back(child);
    }
  }
  if (!any) shifts.clear();
  return shifts;
}

}  // namespace culprit::analysis
