// retry_storm: a call fails and is made again, with or without a pause: its caller waits for failed attempts.
//
//   orders  ├─────────────────────────────────────────────┤
//     call stock   ├─x       ├─x            ├───┤              two failed, the pauses between them grow
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

struct Stubborn {
  std::set<NodeId> nodes;
  int64_t requests = 0, failed = 0;
  std::vector<int64_t> wasted;
};

// Returns the callee of a call: the service behind it if that was recorded, else the caller's name for it.
TextId callee_of(const Interner& names, const std::map<NodeId, TextId>& served, NodeId id) {
  if (auto found = served.find(id); found != served.end()) return found->second;
  const CallNode& node = names.node(id);
  return node.peer != TextId::Empty ? node.peer : node.label;
}

void describe(Cause& cause, const Stubborn& one) {
  cause.phrase = cause.caller + " tries again what failed: {share} of it";
  double attempts = 1 + static_cast<double>(one.failed) / static_cast<double>(one.requests);
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", attempts);
  cause.what = "in " + format_count(one.requests) + " requests " + cause.caller + " calls " + cause.entity.name +
               " again after it failed: " + text + " attempts each, " + format_duration(median(one.wasted)) +
               " until the last began (median)";
  cause.evidence.push_back(observed(cause.what, attempts, "1/request"));
  cause.assuming = "the first attempt is answered";
  cause.advice =
      "find out why " + cause.entity.name + " fails; until then fewer attempts, with a limit over all of them";
  cause.would_tell = "the log of " + cause.entity.name + " at the time of the first attempt";
}

}  // namespace

std::vector<Cause> find_retry_storms(const DetectorInput& input) {
  const Interner& names = input.now.names();
  std::map<NodeId, TextId> served;
  for (NodeId id{}; id < names.end_of_nodes(); id = next(id))
    if (names.node(id).role == Role::Served && names.node(id).parent != NodeId::None)
      served.emplace(names.node(id).parent, names.node(id).service);
  std::map<std::pair<TextId, TextId>, Stubborn> found;  // key: caller, callee
  for (const Operation& operation : input.now.operations())
    for (const Request& request : operation.kept)
      for (const Retry& retry : request.retries) {
        Stubborn& one = found[{names.node(retry.node).service, callee_of(names, served, retry.node)}];
        one.nodes.insert(retry.node);
        ++one.requests, one.failed += retry.failed;
        one.wasted.push_back(retry.wasted_ns);
      }
  std::vector<Cause> causes;
  for (const auto& [ends, one] : found) {
    Cause cause;
    cause.cause = FindingClass::RetryStorm;
    cause.caller = names.text(ends.first);
    cause.entity = {"service", names.text(ends.second), "", "", "", 0};
    if (StatementId statement = names.node(*one.nodes.begin()).statement; statement != StatementId::None) {
      const StatementName& name = names.statement(statement);
      cause.entity = {"statement",
                      names.text(name.text),
                      names.instance(name.instance),
                      names.text(name.system),
                      names.text(name.text),
                      0};
      cause.statement = statement;
    }
    cause.quality = kObserved;
    cause.pathological = true;
    describe(cause, one);
    cause.blamed = [&names, nodes = one.nodes](const CallNode& node) {
      for (NodeId id : nodes)
        if (names.node(id) == node) return true;
      return false;
    };
    cause.saved = [nodes = one.nodes](const Request& request) {
      int64_t ns = 0;
      for (const Retry& retry : request.retries) {
        bool on_path = std::any_of(request.parts.begin(), request.parts.end(),
                                   [&](const Part& part) { return part.node == retry.node; });
        if (on_path && nodes.contains(retry.node)) ns += retry.wasted_ns;
      }
      return Saved{ns, ns, ns / 2};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
