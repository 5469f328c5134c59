// n_plus_one: one caller asks the same question of the same peer many times, where one question would do.
//
//   GET /orders          ├──────────────────────────────┤
//     SELECT … orders    ├───┤                               returns N rows
//     SELECT … items         ├─┤                             ┐
//     SELECT … items            ├─┤                          │ N times, one after the other, alike but for a literal
//     SELECT … items               ├─┤ …                     ┘
//
// Calls that overlap are a fan-out, not this. What repeats and is slow itself is a slow statement; what repeats and flushes
// is a storm: only round trips and the small work of each call are claimed here. What writes asks no question: a loop of
// writes is accused only where the rows of a query before it decide how often it goes round.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/detectors/detector.h"
#include "analysis/profile/call_tree.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A batch costs one call, and for each further row a part of what its call cost: the server's work stays, the round trip
// goes. Between a fiftieth and a third was seen for lookups by key; a tenth is in the middle.
constexpr int64_t kBatchShare = 10, kBatchShareMost = 3;

constexpr int64_t kFewestFollowing = 10;  // requests

struct Loop {
  std::string caller, label, peer;
  StatementId statement = StatementId::None;
  int64_t requests = 0, follows = 0, differs = 0;
  std::vector<int64_t> calls;
  std::set<NodeId> nodes;
  // Their number is that of the rows before, and not by being the same in every request.
  bool follow_rows() const {
    auto [least, most] = std::minmax_element(calls.begin(), calls.end());
    return follows >= kFewestFollowing && follows > 4 * differs && *least < *most;
  }
};

// Whether the calls ask a question: what writes, or may write, does not. An HTTP call that is no GET may.
bool asks(const Loop& loop) {
  if (loop.statement != StatementId::None) {
    StatementSort sort = sort_of(loop.label);
    bool draws = loop.label.find("nextval") != std::string::npos;  // takes a number, every time another
    bool goes_on = loop.label.starts_with("FETCH") || loop.label.starts_with("fetch");  // of one answer the next part
    if (goes_on) return false;
    return (sort == StatementSort::Read && !draws) || sort == StatementSort::Other;
  }
  for (std::string_view method : {"POST ", "PUT ", "PATCH ", "DELETE "})
    if (loop.label.starts_with(method)) return false;
  return true;
}

// Loops of one caller over one statement (or one peer's operation), wherever in its code.
using LoopsByCaller = std::map<std::pair<TextId, std::string>, Loop>;
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
        Loop& loop = loops[{node.service, names.text(node.label) + "\n" + peer}];
        loop.caller = names.text(node.service);
        loop.label = names.text(node.label);
        loop.peer = peer;
        loop.statement = node.statement;
        loop.nodes.insert(repeat.node);
        ++loop.requests;
        loop.calls.push_back(repeat.calls);
        if (repeat.rows_before < 0) continue;
        bool follows = std::abs(repeat.calls - repeat.rows_before) <= std::max<int64_t>(1, repeat.calls / 10);
        ++(follows ? loop.follows : loop.differs);
      }
  return loops;
}

// What a call of the loop took but for what other classes own: waits for locks and disks. Its waits for a CPU go with it: who
// has less to run waits less.
int64_t round_trip(const PartTimes& ns) {
  return sum(ns) - of(ns, SectionKind::Lock) - of(ns, SectionKind::Disk) - of(ns, SectionKind::Sleep);
}

Saved saved_by_batch(const Interner& names, const Request& request, const std::set<NodeId>& nodes) {
  int64_t calls = 0, total = 0;
  for (const Repeat& repeat : request.repeats)
    if (nodes.contains(repeat.node)) calls += repeat.calls;
  if (calls < kFewestRepeats) return {};
  std::set<TextId> labels;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    bool ours = nodes.contains(part.node) || (node.parent != NodeId::None && nodes.contains(node.parent));
    if (ours) total += round_trip(part.ns);
    if (nodes.contains(part.node)) labels.insert(node.label);
  }
  int64_t around = around_calls(names, request, [&](const CallNode& node) { return labels.contains(node.label); });
  int64_t rest = total - total / calls;
  // The caller still handles every row: of its own work around the calls a half is taken to go.
  return {rest + around, rest - rest / kBatchShare + around / 2, rest - rest / kBatchShareMost};
}

// Whether the baseline has the loop too, about as long: it is no change, whatever each of its calls costs now.
bool went_round_before(const LoopsByCaller& before, const LoopsByCaller::key_type& key, const Loop& loop) {
  auto was = before.find(key);
  return was != before.end() && median(was->second.calls) * 5 >= median(loop.calls) * 4;
}

void describe(Cause& cause, const Loop& loop, int64_t typical) {
  std::string times = format_count(typical);
  cause.phrase = "one " + std::string(loop.statement == StatementId::None ? "call" : "statement") + " is sent " +
                 times + " times per request: {share} of it, with the work around each";
  cause.what = times + " calls per request (median), one after the other, alike but for a literal";
  cause.evidence.push_back(observed(cause.what, static_cast<double>(typical), "1/request"));
  if (loop.follows > 4 * loop.differs && loop.follows > 0)
    cause.evidence.push_back(
        observed("as many as the query before returned rows, in " +
                 format_share(static_cast<double>(loop.follows) / static_cast<double>(loop.follows + loop.differs)) +
                 " of the requests"));
  else if (loop.differs > 0)
    cause.against.push_back("their number does not follow the rows of the query before");
  else
    cause.against.push_back("whether their number follows the rows of the query before was not recorded");
  cause.assuming = "one call fetches what the loop fetches, and each further row costs a tenth of a call";
  cause.advice = "fetch all rows with one " +
                 std::string(loop.statement == StatementId::None ? "call" : "statement (a join, or = ANY(…))") +
                 " instead of one per row";
  cause.would_tell = "requests that return more rows: whether the calls grow with them";
}

}  // namespace

std::vector<Cause> find_n_plus_one(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  LoopsByCaller before;
  if (input.before != nullptr) before = find_loops(*input.before);
  for (const auto& [key, loop] : find_loops(input.now)) {
    if (went_round_before(before, key, loop)) continue;
    StatementSort sort = loop.statement == StatementId::None ? StatementSort::Other : sort_of(loop.label);
    bool control = sort == StatementSort::Commit || sort == StatementSort::Control;
    // Of texts that were never seen nobody can say that they are alike.
    if (loop.statement != StatementId::None && loop.label == kUnknownStatement) continue;
    if (control || !(asks(loop) || loop.follow_rows())) continue;
    Cause cause;
    cause.cause = FindingClass::NPlusOne;
    cause.pathological = true;
    bool follows = loop.follows > 4 * loop.differs;
    cause.quality = follows || loop.differs == 0 ? kObserved : kInferred;
    if (loop.statement != StatementId::None) {
      const StatementName& name = names.statement(loop.statement);
      cause.entity = {"statement", loop.label, names.instance(name.instance), names.text(name.system), loop.label, 0};
      auto found = input.now.statements().find(loop.statement);
      if (found != input.now.statements().end())
        cause.inside = found->second.waits, cause.calls_of_statement = found->second.calls;
    } else {
      cause.entity = {"operation", loop.label, loop.peer, "", "", 0};
    }
    cause.caller = loop.caller;
    cause.statement = loop.statement;
    describe(cause, loop, median(loop.calls));
    std::set<NodeId> nodes = loop.nodes;
    cause.blamed = [&names, id = loop.statement, caller = key.first,
                    label = names.node(*nodes.begin()).label](const CallNode& node) {
      if (id != StatementId::None) return same_statement(names, node.statement, id);
      return node.role == Role::Call && node.service == caller && node.label == label;
    };
    cause.saved = [&names, nodes](const Request& request) { return saved_by_batch(names, request, nodes); };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
