#include "analysis/detectors/cause.h"

#include <algorithm>
#include <map>

namespace culprit::analysis {

bool Cause::blames(const CallNode& node, SectionKind kind) const {
  bool of_kind =
      blamed_kinds.empty() || std::find(blamed_kinds.begin(), blamed_kinds.end(), kind) != blamed_kinds.end();
  return of_kind && blamed(node);
}

bool same_statement(const Interner& names, StatementId id, StatementId wanted) {
  if (id == wanted) return true;
  if (id == StatementId::None || wanted == StatementId::None || names.told_apart(id)) return false;
  return names.statement(id).text == names.statement(wanted).text &&
         names.statement(id).system == names.statement(wanted).system;
}

int64_t sum_parts(const Interner& names, const Request& request,
                  const std::function<int64_t(const CallNode&, const Part&)>& wanted) {
  int64_t total = 0;
  for (const Part& part : request.parts) total += wanted(names.node(part.node), part);
  return total;
}

int64_t around_calls(const Interner& names, const Request& request,
                     const std::function<bool(const CallNode&)>& removed) {
  struct Calls {
    int64_t all = 0, removed = 0;
  };
  std::map<NodeId, Calls> callers;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    bool call = node.parent != NodeId::None && (node.role == Role::Call || node.statement != StatementId::None) &&
                names.node(node.parent).role != Role::Call;
    if (!call) continue;
    callers[node.parent].all += part.calls;
    if (removed(node)) callers[node.parent].removed += part.calls;
  }
  int64_t total = 0;
  for (const Part& part : request.parts) {
    auto caller = callers.find(part.node);
    if (caller == callers.end() || caller->second.removed == 0) continue;
    int64_t own = of(part.ns, SectionKind::Own) + of(part.ns, SectionKind::Runnable) + part.ns[kUnknown];
    // One more gap than calls: the caller also works before the first call and after the last.
    total += own / (caller->second.all + 1) * caller->second.removed;
  }
  return total;
}

EvidenceLine observed(std::string text, double value, std::string unit) {
  return {std::move(text), value, std::move(unit), {}, "observed"};
}

EvidenceLine inferred(std::string text, double value, std::string unit) {
  return {std::move(text), value, std::move(unit), {}, "inferred"};
}

bool has_caller(const Interner& names, const CallNode& node) {
  for (NodeId at = node.parent; at != NodeId::None; at = names.node(at).parent)
    if (names.node(at).service != node.service) return true;
  return false;
}

}  // namespace culprit::analysis
