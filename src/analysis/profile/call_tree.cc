#include "analysis/profile/call_tree.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "analysis/profile/database.h"
#include "analysis/trace/call.h"
#include "analysis/trace/critical_path.h"

namespace culprit::analysis {

namespace {

// An unreadable (encrypted) exchange with a known database server counts as a statement with unknown text.
const Database* unread_database(const Trace& trace, SpanIndex head, SpanIndex last) {
  const Span& callee = trace.spans[last];
  if (callee.kind != SpanKind::Server || !(trace.spans[head].flags & kOpaque) || !(callee.flags & kOpaque))
    return nullptr;
  return database_of_service(callee.service);
}

StatementId unread_statement(const Trace& trace, SpanIndex head, SpanIndex last, std::string_view system,
                             Interner& names) {
  std::string address = address_of(trace.spans[head]);
  if (address.empty()) address = address_of(trace.spans[last]);
  return names.intern_statement({names.intern(kUnknownStatement), names.intern(address), names.intern(system)});
}

StatementId statement_of(const Trace& trace, SpanIndex head, SpanIndex last, Interner& names) {
  const Span& caller = trace.spans[head];
  const Span& callee = trace.spans[last];
  // Of the spans of one call, the one that has the text is used, the server's first.
  const Span& told = (callee.flags & kTextUnknown) && !(caller.flags & kTextUnknown) ? caller : callee;
  std::string address = address_of(caller);
  if (address.empty()) address = address_of(callee);
  TextId instance = names.intern(address);
  for (const Span* view : {&caller, &callee})
    if (std::string_view database = database_of(*view); !database.empty()) names.note_database(instance, database);
  std::string_view system = system_of(callee);
  if (system.empty()) system = system_of(caller);
  TextId system_id = names.intern(system);
  return names.intern_statement({names.intern_statement_text(statement_text(told), system_id), instance, system_id});
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
    bool inner = inner_[index];  // another span of its parent's call
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

  // Marks all spans of the call that begins at `head`.
  void mark_call(SpanIndex head, bool database) {
    out_.heads.push_back(head);
    SpanIndex last = last_view(trace_, head);
    StatementId statement = StatementId::None;
    if (database || is_database(trace_.spans[last]))
      statement = statement_of(trace_, head, last, names_);
    else if (const Database* unread = unread_database(trace_, head, last))
      statement = unread_statement(trace_, head, last, unread->system, names_);
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

// A timer and the scheduler add up to 1 ms, or a twentieth, to a pause.
constexpr int64_t kTimerNs = 1'000'000;
constexpr int64_t kTimerShare = 20;

// Returns whether all pauses have the same length, or each is longer than the one before (increasing back-off).
bool is_steady(const std::vector<int64_t>& pauses) {
  if (pauses.size() < 3) return false;
  const int64_t low = quantile(pauses, 0.1), high = quantile(pauses, 0.9);
  if (high - low <= std::max(kTimerNs, high / kTimerShare)) return true;
  for (size_t i = 1; i < pauses.size(); ++i)
    if (pauses[i] + std::max(kTimerNs, pauses[i - 1] / kTimerShare) < pauses[i - 1]) return false;
  return true;
}

// Returns the time between two calls in which none of the caller's other calls is active. `all` are its calls in order
// of start.
int64_t pause_between(const Trace& trace, const std::vector<SpanIndex>& all, SpanIndex call, SpanIndex next) {
  int64_t from_ns = trace.spans[call].end_ns(), paused_ns = 0;
  const int64_t to_ns = trace.spans[next].start_ns;
  for (auto at = std::upper_bound(all.begin(), all.end(), call); at != all.end() && *at < next; ++at) {
    const Span& other = trace.spans[*at];
    paused_ns += std::max<int64_t>(std::min(other.start_ns, to_ns) - from_ns, 0);
    from_ns = std::max(from_ns, other.end_ns());
  }
  return paused_ns + std::max<int64_t>(to_ns - from_ns, 0);
}

int64_t rows_of_call(const Trace& trace, SpanIndex head) {
  const int64_t rows = rows_of(trace.spans[last_view(trace, head)]);
  return rows >= 0 ? rows : rows_of(trace.spans[head]);
}

// Summarises one caller's calls of one node, in order of start; `all` are all calls of the caller.
Repeat repeat_of(const Trace& trace, NodeId node, const std::vector<SpanIndex>& calls,
                 const std::vector<SpanIndex>& all) {
  Repeat repeat;
  repeat.node = node;
  std::vector<int64_t> pauses;
  SpanIndex last = kNoSpan;
  for (SpanIndex call : calls) {
    const Span& span = trace.spans[call];
    if (span.duration_ns < 0) continue;
    // Calls that overlap the call before are concurrent, not repeated.
    if (last != kNoSpan && span.start_ns < trace.spans[last].end_ns()) continue;
    if (last != kNoSpan) pauses.push_back(pause_between(trace, all, last, call));
    last = call;
    ++repeat.calls;
    repeat.failed += span.status == SpanStatus::Error;
    repeat.total_ns += span.duration_ns;
    repeat.most_rows = std::max(repeat.most_rows, rows_of_call(trace, call));
  }
  for (int64_t ns : pauses) repeat.pauses_ns += ns;
  repeat.pause_ns = median(pauses);
  repeat.steady = is_steady(pauses);
  return repeat;
}

// Returns the rows returned by calls that ended before `call`; `all` are the calls of its caller.
std::vector<RowsBefore> rows_before(const Trace& trace, const SpanNodes& nodes, const std::vector<SpanIndex>& all,
                                    SpanIndex call) {
  // A query more than this many calls earlier is not the query that the loop iterates over.
  constexpr int kFarthest = 64;
  std::vector<RowsBefore> before;
  int looked = 0;
  for (auto at = std::lower_bound(all.begin(), all.end(), call); at != all.begin() && looked < kFarthest; ++looked) {
    --at;
    if (trace.spans[*at].end_ns() > trace.spans[call].start_ns) continue;
    const int64_t rows = rows_of_call(trace, *at);
    bool known =
        std::any_of(before.begin(), before.end(), [&](const RowsBefore& b) { return b.node == nodes.of[*at]; });
    if (rows >= 0 && !known) before.push_back({nodes.of[*at], rows});
  }
  return before;
}

}  // namespace

SpanNodes place_spans(const Trace& trace, Interner& names) { return NodeBuilder(trace, names).take(); }

std::vector<Repeat> find_repeats(const Trace& trace, const SpanNodes& nodes) {
  std::map<SpanIndex, std::vector<SpanIndex>> by_caller;  // spans are numbered in order of start
  for (SpanIndex head : nodes.heads) by_caller[nodes.entry[head]].push_back(head);
  std::vector<Repeat> repeats;
  for (auto& [caller, all] : by_caller) {
    if (all.size() < static_cast<size_t>(kFewestRepeats)) continue;
    std::sort(all.begin(), all.end());
    std::map<NodeId, std::vector<SpanIndex>> alike;
    // Exchanges of an unknown protocol are left out: nothing shows whether they are alike.
    for (SpanIndex head : all)
      if (nodes.statement[head] != StatementId::None || !(trace.spans[head].flags & kOpaque))
        alike[nodes.of[head]].push_back(head);
    for (const auto& [node, calls] : alike) {
      if (calls.size() < static_cast<size_t>(kFewestRepeats)) continue;
      Repeat repeat = repeat_of(trace, node, calls, all);
      // Mostly concurrent calls are a fan-out, not a repetition.
      if (repeat.calls < kFewestRepeats || repeat.calls * 10 < static_cast<int64_t>(calls.size()) * 9) continue;
      repeat.before = rows_before(trace, nodes, all, calls.front());
      repeats.push_back(std::move(repeat));
    }
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
