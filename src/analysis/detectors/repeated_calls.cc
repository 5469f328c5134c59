#include "analysis/detectors/repeated_calls.h"

#include <algorithm>

#include "analysis/profile/call_tree.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// The number of requests: fewer may agree by coincidence.
constexpr int64_t kFewestFollowing = 10;
// A pause counts as a wait from this length on, if it is also twice as long as a call. In a shorter pause a caller
// processes the result.
constexpr int64_t kPause = 5'000'000;
constexpr int64_t kTimesCall = 2;
// A call in a loop over rows returns the few rows that belong to one of them; from this number on, calls return pages.
constexpr int64_t kPageRows = 50;

bool has(const std::string& text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; }) != text.end();
}

void add(Loop& loop, const Repeat& repeat) {
  loop.nodes.insert(repeat.node);
  ++loop.requests;
  loop.calls.push_back(repeat.calls);
  loop.total_ns += repeat.total_ns, loop.all_calls += repeat.calls, loop.pauses_ns += repeat.pauses_ns;
  loop.failing += repeat.failed * 2 > repeat.calls;
  loop.pauses.push_back(repeat.pause_ns);
  const bool paused = repeat.pause_ns >= std::max(kPause, kTimesCall * repeat.total_ns / repeat.calls);
  loop.paused += paused;
  loop.steady += paused && repeat.steady;
  if (repeat.most_rows >= 0) loop.most_rows.push_back(repeat.most_rows);
  for (const RowsBefore& before : repeat.before) {
    Loop::Followed& followed = loop.earlier[before.node];
    const bool follows = std::abs(repeat.calls - before.rows) <= std::max<int64_t>(1, repeat.calls / 10);
    ++(follows ? followed.follows : followed.differs);
    followed.rows.insert(before.rows);
  }
}

}  // namespace

double Loop::follow_share() const {
  double best = 0;
  for (const auto& [node, followed] : earlier) {
    // A query that few of the requests made is not what the loop iterates over.
    if ((followed.follows + followed.differs) * 2 < requests) continue;
    best = std::max(best,
                    static_cast<double>(followed.follows) / static_cast<double>(followed.follows + followed.differs));
  }
  return best;
}

Growth Loop::growth() const {
  if (earlier.empty()) return Growth::Unknown;
  constexpr double kMostly = 0.8;
  bool many = std::any_of(earlier.begin(), earlier.end(),
                          [](const auto& one) { return one.second.follows >= kFewestFollowing; });
  return many && follow_share() >= kMostly ? Growth::Rows : Growth::NotByRows;
}

bool Loop::varies() const {
  auto [least, most] = std::minmax_element(calls.begin(), calls.end());
  return least != most && *least < *most;
}

LoopsByCaller find_loops(const WorkloadProfile& now) {
  LoopsByCaller loops;
  const Interner& names = now.names();
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      for (const Repeat& repeat : request.repeats) {
        const CallNode& node = names.node(repeat.node);
        std::string peer = node.statement != StatementId::None
                               ? names.instance(names.statement(node.statement).instance)
                               : names.text(node.peer);
        std::string key = names.text(node.label) + "\n" + peer;
        // Calls of unknown text are the same loop only within one operation.
        if (names.text(node.label) == kUnknownStatement) key += "\n" + names.text(operation.name);
        Loop& loop = loops[{node.service, key}];
        loop.service = node.service;
        loop.caller = names.text(node.service), loop.label = names.text(node.label), loop.peer = peer;
        loop.statement = node.statement;
        add(loop, repeat);
      }
  return loops;
}

bool tries_a_lock(const Loop& loop) {
  // An attempt at a lock is repeated until it succeeds: pg_try_advisory_lock, GET_LOCK, SKIP LOCKED.
  for (std::string_view word : {"_try_advisory", "get_lock", "skip locked", "nowait"})
    if (has(loop.label, word)) return true;
  return false;
}

bool only_reads(const Loop& loop) {
  if (loop.statement != StatementId::None) {
    StatementSort sort = sort_of(loop.label);
    const bool draws = has(loop.label, "nextval");  // draws a number, a different one each time
    return (sort == StatementSort::Read && !draws) || sort == StatementSort::Other;
  }
  for (std::string_view method : {"POST ", "PUT ", "PATCH ", "DELETE "})
    if (loop.label.starts_with(method)) return false;
  return true;
}

bool asks_for_another_each_time(const Loop& loop) {
  if (loop.statement == StatementId::None) return true;
  // The same text without any value is the same query each time. A merged statement ("SELECT items") does not show its
  // values.
  return loop.label.find('?') != std::string::npos || !has(loop.label, " from ");
}

bool reads_page_by_page(const Loop& loop) {
  // Reads the next part of a result: the rows after the last key, or after an offset.
  if (has(loop.label, "fetch ") || has(loop.label, " offset ?")) return true;
  const bool by_key =
      has(loop.label, "> ?") || has(loop.label, "< ?") || has(loop.label, ">= ?") || has(loop.label, "<= ?");
  if (by_key && has_limit(loop.label)) return true;
  return !loop.most_rows.empty() && median(loop.most_rows) >= kPageRows;
}

void name_calls(Cause& cause, const WorkloadProfile& now, const Loop& loop) {
  const Interner& names = now.names();
  cause.caller = loop.caller;
  cause.statement = loop.statement;
  if (loop.statement == StatementId::None) {
    cause.entity = {"operation", loop.label, loop.peer, "", "", 0};
    return;
  }
  const StatementName& name = names.statement(loop.statement);
  cause.entity = {"statement", loop.label, names.instance(name.instance), names.text(name.system), loop.label, 0};
  auto found = now.statements().find(loop.statement);
  if (found == now.statements().end()) return;
  cause.inside = found->second.waits, cause.calls_of_statement = found->second.calls;
}

std::function<bool(const CallNode&)> blame_calls(const Interner& names, const Loop& loop) {
  return [&names, id = loop.statement, caller = loop.service,
          label = names.node(*loop.nodes.begin()).label](const CallNode& node) {
    if (id != StatementId::None) return same_statement(names, node.statement, id);
    return node.role == Role::Call && node.service == caller && node.label == label;
  };
}

LoopTimes times_of(const Interner& names, const Request& request, const std::set<NodeId>& nodes) {
  LoopTimes times;
  for (const Repeat& repeat : request.repeats)
    if (nodes.contains(repeat.node)) times.calls += repeat.calls, times.pauses_ns += repeat.pauses_ns;
  if (times.calls < kFewestRepeats) return {};
  std::set<TextId> labels;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    bool ours = nodes.contains(part.node) || (node.parent != NodeId::None && nodes.contains(node.parent));
    if (ours)
      times.ns += sum(part.ns) - of(part.ns, SectionKind::Lock) - of(part.ns, SectionKind::Disk) -
                  of(part.ns, SectionKind::Sleep);
    if (nodes.contains(part.node)) labels.insert(node.label);
  }
  int64_t around = around_calls(names, request, [&](const CallNode& node) { return labels.contains(node.label); });
  times.around_ns = std::min(around, times.ns);
  return times;
}

}  // namespace culprit::analysis
