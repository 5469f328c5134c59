#include "analysis/profile/call_concurrency.h"

#include <algorithm>

#include "analysis/profile/call_tree.h"

namespace culprit::analysis {

namespace {

// This many periods (3 MB) give the level and its share of the time to one percent.
constexpr size_t kMaxStretches = 200'000;
// The share of the time that may lie above the level: clocks of two machines differ, and a call may begin while another
// ends.
constexpr double kAbove = 0.01;

struct Edge {
  int64_t ns;
  int calls, gaps;  // +1, -1 or 0
};

std::vector<Edge> edges_of(const CallEdge& edge, int64_t least_gap_ns) {
  std::vector<Edge> edges;
  for (const Stretch& call : edge.calls) edges.push_back({call.from_ns, 1, 0}), edges.push_back({call.to_ns, -1, 0});
  for (const Stretch& gap : edge.gaps)
    if (gap.to_ns - gap.from_ns >= least_gap_ns)
      edges.push_back({gap.from_ns, 0, 1}), edges.push_back({gap.to_ns, 0, -1});
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return a.ns != b.ns ? a.ns < b.ns : a.calls + a.gaps < b.calls + b.gaps;  // ends come first
  });
  return edges;
}

}  // namespace

void CallConcurrency::observe(const Trace& trace, const SpanNodes& nodes, const Interner& names) {
  std::map<SpanIndex, std::vector<SpanIndex>> calls;  // by the span that handles the request
  for (SpanIndex head : nodes.heads) {
    const SpanIndex handling = nodes.entry[head];
    if (trace.spans[head].duration_ns >= 0 && handling != kNoSpan && handling != head) calls[handling].push_back(head);
  }
  for (auto& [handling, heads] : calls) {
    std::sort(heads.begin(), heads.end());  // spans are numbered in order of start
    int64_t idle_from_ns = trace.spans[handling].start_ns;
    for (SpanIndex head : heads) {
      const Span& call = trace.spans[head];
      const CallNode& node = names.node(nodes.of[head]);
      const bool database = node.statement != StatementId::None;
      CallEdge& edge = edges_[{node.service, database ? names.statement(node.statement).instance : node.peer}];
      if (edge.calls.size() < kMaxStretches) edge.calls.push_back({call.start_ns, call.end_ns()});
      if (call.start_ns > idle_from_ns && edge.gaps.size() < kMaxStretches)
        edge.gaps.push_back({idle_from_ns, call.start_ns});
      idle_from_ns = std::max(idle_from_ns, call.end_ns());
    }
  }
}

Plateau find_plateau(const CallEdge& edge, int64_t least_gap_ns) {
  std::map<int64_t, int64_t> time_at;  // by number of concurrent calls
  std::map<int64_t, int64_t> gap_time_at;
  Plateau plateau;
  int64_t calls = 0, gaps = 0, last_ns = 0, busy_ns = 0, gap_ns = 0, begin_ns = 0;
  bool begun = false;
  for (const Edge& at : edges_of(edge, least_gap_ns)) {
    if (!begun) begin_ns = last_ns = at.ns, begun = true;
    time_at[calls] += at.ns - last_ns;
    gap_time_at[calls] += (at.ns - last_ns) * gaps;
    if (calls > 0) busy_ns += at.ns - last_ns;
    gap_ns += (at.ns - last_ns) * gaps;
    last_ns = at.ns;
    calls += at.calls, gaps += at.gaps;
    plateau.longest_queue = std::max(plateau.longest_queue, gaps);
  }
  for (const Stretch& gap : edge.gaps) plateau.gaps += gap.to_ns - gap.from_ns >= least_gap_ns;
  if (plateau.gaps == 0 || busy_ns == 0) return plateau;
  int64_t above = 0, total = 0;
  for (auto at = time_at.rbegin(); at != time_at.rend(); ++at) {
    above += at->first > 0 ? at->second : 0;
    if (plateau.size == 0 && static_cast<double>(above) > kAbove * static_cast<double>(busy_ns))
      plateau.size = at->first;
    total += at->first * at->second;
  }
  int64_t at_size = 0;
  for (auto [level, ns] : gap_time_at) at_size += level >= plateau.size ? ns : 0;
  plateau.at_size = gap_ns > 0 ? static_cast<double>(at_size) / static_cast<double>(gap_ns) : 0;
  plateau.gap_ns = gap_ns / plateau.gaps;
  plateau.mean_calls = static_cast<double>(total) / static_cast<double>(std::max<int64_t>(last_ns - begin_ns, 1));
  return plateau;
}

}  // namespace culprit::analysis
