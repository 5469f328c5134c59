#include "analysis/profile/call_tree.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/trace/call.h"
#include "analysis/trace/critical_path.h"

namespace culprit::analysis {

namespace {

StatementId statement_of(const Trace& trace, SpanIndex head, SpanIndex last, Interner& names) {
  const Span& caller = trace.spans[head];
  const Span& callee = trace.spans[last];
  // Of the views the one that knows the text, the server's first.
  const Span& told = (callee.flags & kTextUnknown) && !(caller.flags & kTextUnknown) ? caller : callee;
  std::string address = address_of(caller);
  if (address.empty()) address = address_of(callee);
  TextId instance = names.intern(address);
  for (const Span* view : {&caller, &callee})
    if (std::string_view database = database_of(*view); !database.empty()) names.note_database(instance, database);
  std::string_view system = system_of(callee);
  if (system.empty()) system = system_of(caller);
  return names.intern_statement({names.intern_statement_text(statement_text(told)), instance, names.intern(system)});
}

class NodeBuilder {
 public:
  NodeBuilder(const Trace& trace, Interner& names) : trace_(trace), names_(names) {
    size_t n = trace.spans.size();
    out_.of.assign(n, NodeId::None);
    out_.statement.assign(n, StatementId::None);
    out_.entry.assign(n, kNoSpan);
    inner_.assign(n, false);
    std::vector<SpanIndex> todo(trace.roots.rbegin(), trace.roots.rend());
    while (!todo.empty()) {
      SpanIndex index = todo.back();
      todo.pop_back();
      node(index);
      const auto& children = trace.children[index];
      todo.insert(todo.end(), children.rbegin(), children.rend());
    }
  }

  SpanNodes take() { return std::move(out_); }

 private:
  void node(SpanIndex index) {
    const Span& span = trace_.spans[index];
    SpanIndex parent = trace_.parent[index];
    CallNode node;
    node.parent = parent == kNoSpan ? NodeId::None : out_.of[parent];
    node.service = names_.intern(span.service);
    bool inner = inner_[index];  // a further view of its parent's call
    bool database = !inner && is_database(span);
    bool calls = span.kind == SpanKind::Client || callee_view(trace_, index) != kNoSpan;
    bool call = !inner && (calls || (database && span.kind != SpanKind::Server));
    if (call || database) mark_call(index, database);
    node.statement = out_.statement[index];
    bool answers = parent != kNoSpan && callee_view(trace_, parent) == index;
    bool served = span.kind == SpanKind::Server || span.kind == SpanKind::Consumer || answers;
    node.role = served ? Role::Served : call || inner ? Role::Call : Role::Work;
    if (node.role == Role::Call) {
      node.peer = names_.intern(peer_of(span));
      node.callee_seen = !trace_.children[index].empty();
    }
    bool labelled = node.statement != StatementId::None;
    node.label = labelled ? names_.statement(node.statement).text : names_.intern(without_ids(span.name));
    bool entered = parent == kNoSpan || served || trace_.spans[parent].service != span.service;
    out_.entry[index] = entered && !call ? index : parent == kNoSpan ? index : out_.entry[parent];
    out_.of[index] = names_.intern_node(node);
  }

  // Marks all views of the call that begins at `head`.
  void mark_call(SpanIndex head, bool database) {
    out_.heads.push_back(head);
    SpanIndex last = last_view(trace_, head);
    StatementId statement = StatementId::None;
    if (database || is_database(trace_.spans[last])) statement = statement_of(trace_, head, last, names_);
    out_.statement[head] = statement;
    for (SpanIndex at = last; at != head; at = trace_.parent[at]) {
      inner_[at] = true;
      out_.statement[at] = statement;
    }
  }

  const Trace& trace_;
  Interner& names_;
  SpanNodes out_;
  std::vector<bool> inner_;
};

// One caller's calls of one node, in order of start.
Repeat repeat_of(const Trace& trace, NodeId node, const std::vector<SpanIndex>& calls) {
  Repeat repeat;
  repeat.node = node;
  repeat.shortest_ns = INT64_MAX;
  int64_t end_ns = INT64_MIN;
  for (SpanIndex index : calls) {
    const Span& span = trace.spans[index];
    if (span.duration_ns < 0) continue;
    if (span.start_ns < end_ns) continue;  // overlaps the one before: side by side, not one after the other
    end_ns = span.end_ns();
    ++repeat.calls;
    repeat.total_ns += span.duration_ns;
    repeat.shortest_ns = std::min(repeat.shortest_ns, span.duration_ns);
  }
  return repeat;
}

// Rows of the last call that the caller of `call` had answered before it. Calls are looked at backwards from `call`.
int64_t rows_before(const Trace& trace, const SpanNodes& nodes, SpanIndex call) {
  // What came more than so many spans earlier is not the query that the loop runs over.
  constexpr SpanIndex kFarthest = 64;
  int64_t begin_ns = trace.spans[call].start_ns;
  for (SpanIndex at = call; at-- > 0 && call - at <= kFarthest;) {
    const Span& span = trace.spans[at];
    bool head = nodes.statement[at] != StatementId::None && nodes.entry[at] == nodes.entry[call] &&
                span.kind != SpanKind::Server;
    if (!head || span.end_ns() > begin_ns) continue;
    int64_t rows = rows_of(trace.spans[last_view(trace, at)]);
    if (rows < 0) rows = rows_of(span);
    if (rows >= 0) return rows;
  }
  return -1;
}

}  // namespace

SpanNodes place_spans(const Trace& trace, Interner& names) { return NodeBuilder(trace, names).take(); }

std::vector<Repeat> find_repeats(const Trace& trace, const SpanNodes& nodes) {
  using Key = std::pair<SpanIndex, NodeId>;  // entry, node
  std::vector<std::pair<Key, SpanIndex>> calls;
  for (SpanIndex head : nodes.heads) {
    // Of exchanges whose protocol is not known nobody can say that they are alike.
    bool opaque = nodes.statement[head] == StatementId::None && (trace.spans[head].flags & kOpaque) != 0;
    if (!opaque) calls.push_back({{nodes.entry[head], nodes.of[head]}, head});
  }
  std::sort(calls.begin(), calls.end());
  std::vector<Repeat> repeats;
  for (size_t first = 0, next = 0; first < calls.size(); first = next) {
    while (next < calls.size() && calls[next].first == calls[first].first) ++next;
    if (next - first < static_cast<size_t>(kFewestRepeats)) continue;
    std::vector<SpanIndex> group;
    for (size_t i = first; i < next; ++i) group.push_back(calls[i].second);  // spans are numbered in order of start
    Repeat repeat = repeat_of(trace, calls[first].first.second, group);
    // Mostly side by side: a fan-out.
    if (repeat.calls < kFewestRepeats || repeat.calls * 10 < static_cast<int64_t>(group.size()) * 9) continue;
    repeat.rows_before = rows_before(trace, nodes, group[0]);
    repeats.push_back(repeat);
  }
  return repeats;
}

std::vector<Part> parts_of(const Trace& trace, SpanIndex root, const SpanNodes& nodes) {
  std::map<NodeId, Part> parts;
  for (const Section& section : critical_path(trace, root)) {
    NodeId node = nodes.of[section.span];
    Part& part = parts[node];
    int64_t ns = section.end_ns - section.start_ns;
    bool unknown = section.kind == SectionKind::Own && !trace.spans[section.span].waits.known;
    part.ns[unknown ? kUnknown : static_cast<int>(section.kind)] += ns;
  }
  for (SpanIndex index = 0; index < trace.spans.size(); ++index) {
    auto found = parts.find(nodes.of[index]);
    if (found != parts.end()) ++found->second.calls;
  }
  std::vector<Part> out;
  out.reserve(parts.size());
  for (auto& [node, part] : parts) {
    part.node = node;
    out.push_back(part);
  }
  return out;
}

}  // namespace culprit::analysis
