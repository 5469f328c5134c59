#include "analysis/profile/call_patterns.h"

#include <algorithm>
#include <map>

#include "analysis/profile/call_tree.h"
#include "analysis/trace/call.h"
#include "model/conventions.h"

namespace culprit::analysis {

namespace {

// A call failed if its span has status Error or an HTTP status of at least 500. A 4xx without status Error is a valid
// answer.
bool failed(const Span& span) { return span.status == SpanStatus::Error || http_status(span.attributes) >= 500; }

bool call_failed(const Trace& trace, SpanIndex head) {
  SpanIndex last = last_view(trace, head);
  return failed(trace.spans[head]) || (last != head && failed(trace.spans[last]));
}

// Returns for each span whether it is `root` or below it.
std::vector<bool> part_of(const Trace& trace, SpanIndex root) {
  std::vector<bool> ours(trace.spans.size(), false);
  std::vector<SpanIndex> todo = {root};
  while (!todo.empty()) {
    SpanIndex at = todo.back();
    todo.pop_back();
    ours[at] = true;
    todo.insert(todo.end(), trace.children[at].begin(), trace.children[at].end());
  }
  return ours;
}

// Returns the first spans of the calls below `root`, by the span that makes them, in order of start.
std::map<SpanIndex, std::vector<SpanIndex>> calls_by_caller(const Trace& trace, SpanIndex root,
                                                            const SpanNodes& nodes) {
  std::map<SpanIndex, std::vector<SpanIndex>> calls;
  std::vector<bool> ours = part_of(trace, root);
  for (SpanIndex head : nodes.heads) {
    SpanIndex parent = trace.parent[head];
    if (parent != kNoSpan && ours[parent] && trace.spans[head].duration_ns >= 0) calls[parent].push_back(head);
  }
  for (auto at = calls.begin(); at != calls.end();) {
    std::sort(at->second.begin(), at->second.end());  // spans are numbered in order of start
    at = at->second.size() >= 2 ? std::next(at) : calls.erase(at);
  }
  return calls;
}

// Returns the failed child that made a span fail, or kNoSpan if the span failed by itself. Spans of the same service
// without an error are searched through. Of several failed children, the last to begin counts: earlier failures were
// tried again.
SpanIndex failed_of(const Trace& trace, SpanIndex span) {
  SpanIndex found = kNoSpan;
  std::vector<SpanIndex> todo = {span};
  while (!todo.empty()) {
    SpanIndex at = todo.back();
    todo.pop_back();
    for (SpanIndex child : trace.children[at]) {
      if (failed(trace.spans[child]))
        found = found == kNoSpan ? child : std::max(found, child);
      else if (trace.spans[child].service == trace.spans[span].service)
        todo.push_back(child);
    }
  }
  return found;
}

// An answer that the caller did not wait for is no failure of the callee: the client may have disconnected.
bool returned_failure(const Span& span) { return failed(span) && !(span.flags & kUnanswered); }

// Returns a failed span of a server whose caller continued normally. An error on the caller's side alone may be an
// answer such as "not found".
SpanIndex tolerated_failure(const Trace& trace, SpanIndex root) {
  std::vector<SpanIndex> todo = {root};
  while (!todo.empty()) {
    SpanIndex at = todo.back();
    todo.pop_back();
    if (trace.spans[at].kind == SpanKind::Server && returned_failure(trace.spans[at])) return at;
    todo.insert(todo.end(), trace.children[at].rbegin(), trace.children[at].rend());
  }
  return kNoSpan;
}

std::string_view said_by(const Span& span, bool& exception) {
  for (const SpanEvent& event : span.events) {
    std::string_view type = find_text(event.attributes, "exception.type");
    if (!type.empty()) return exception = true, type;
  }
  return find_text(span.attributes, "error.type");
}

// Returns the span's duration minus the time covered by its children.
int64_t own_ns(const Trace& trace, SpanIndex index) {
  const Span& span = trace.spans[index];
  int64_t covered = 0, until = span.start_ns;
  for (SpanIndex child : trace.children[index]) {  // in order of start
    const Span& s = trace.spans[child];
    if (s.kind == SpanKind::Consumer || s.duration_ns <= 0) continue;
    int64_t from = std::max(s.start_ns, until), to = std::min(s.end_ns(), span.end_ns());
    if (from < to) covered += to - from, until = to;
  }
  return span.duration_ns - covered;
}

}  // namespace

std::vector<OwnTime> find_own_times(const Trace& trace, SpanIndex root, const SpanNodes& nodes, const Interner& names,
                                    const ServiceInstances& origins) {
  std::map<NodeId, std::pair<OwnTime, int64_t>> found;  // with the longest own time of one span
  std::vector<bool> ours = part_of(trace, root);
  for (SpanIndex index = 0; index < trace.spans.size(); ++index) {
    const Span& span = trace.spans[index];
    const CallNode& node = names.node(nodes.of[index]);
    if (!ours[index] || span.waits.known || node.role == Role::Call || node.statement != StatementId::None) continue;
    if (span.duration_ns <= 0) continue;
    int64_t ns = own_ns(trace, index);
    auto& [own, most] = found[nodes.of[index]];
    own.node = nodes.of[index];
    own.ns += ns, ++own.spans;
    if (ns >= most) most = ns, own.origin = origins.of(span);
  }
  std::vector<OwnTime> out;
  for (auto& [node, own] : found)
    if (own.first.ns > 0) out.push_back(own.first);
  return out;
}

std::vector<Retry> find_retries(const Trace& trace, SpanIndex root, const SpanNodes& nodes) {
  std::vector<Retry> retries;
  for (const auto& [caller, heads] : calls_by_caller(trace, root, nodes)) {
    std::map<NodeId, std::vector<SpanIndex>> alike;
    for (SpanIndex head : heads) alike[nodes.of[head]].push_back(head);
    for (const auto& [node, attempts] : alike) {
      // A retry: all attempts but the last failed, one after the other. In a loop over items of which some fail,
      // successes come in between.
      bool again = attempts.size() >= 2;
      for (size_t i = 0; again && i + 1 < attempts.size(); ++i)
        again = call_failed(trace, attempts[i]) &&
                trace.spans[attempts[i]].end_ns() <= trace.spans[attempts[i + 1]].start_ns;
      if (!again) continue;
      retries.push_back({node, static_cast<int64_t>(attempts.size()) - 1,
                         trace.spans[attempts.back()].start_ns - trace.spans[attempts.front()].start_ns});
    }
  }
  return retries;
}

std::vector<FanOut> find_fan_outs(const Trace& trace, SpanIndex root, const SpanNodes& nodes) {
  std::vector<FanOut> found;
  for (const auto& [caller, heads] : calls_by_caller(trace, root, nodes)) {
    FanOut fan;
    fan.node = nodes.of[caller];
    std::vector<NodeId> kinds;
    int64_t until = INT64_MIN;
    for (SpanIndex head : heads) {
      const Span& span = trace.spans[head];
      kinds.push_back(nodes.of[head]);
      ++fan.calls;
      fan.sum_ns += span.duration_ns;
      fan.longest_ns = std::max(fan.longest_ns, span.duration_ns);
      fan.union_ns += std::max<int64_t>(span.end_ns() - std::max(span.start_ns, until), 0);
      until = std::max(until, span.end_ns());
    }
    std::sort(kinds.begin(), kinds.end());
    fan.kinds = std::unique(kinds.begin(), kinds.end()) - kinds.begin();
    if (fan.kinds >= 2) found.push_back(fan);
  }
  return found;
}

std::optional<Failure> find_failure(const Trace& trace, SpanIndex root, const SpanNodes& nodes, Interner& names) {
  Failure failure;
  SpanIndex at = returned_failure(trace.spans[root]) ? root : tolerated_failure(trace, root);
  if (at == kNoSpan) return std::nullopt;
  failure.tolerated = at != root;
  for (SpanIndex next = at; next != kNoSpan; next = failed_of(trace, at)) at = next;
  failure.node = nodes.of[at];
  for (SpanIndex up = at; up != kNoSpan; up = up == root ? kNoSpan : trace.parent[up])
    if (std::string_view said = said_by(trace.spans[up], failure.exception); !said.empty()) {
      failure.said = names.intern(said);
      break;
    }
  return failure;
}

}  // namespace culprit::analysis
