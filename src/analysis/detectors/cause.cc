#include "analysis/detectors/cause.h"

#include <algorithm>
#include <map>

namespace culprit::analysis {

bool Cause::blames(const CallNode& place, SectionKind kind) const {
  bool of_kind =
      blamed_kinds.empty() || std::find(blamed_kinds.begin(), blamed_kinds.end(), kind) != blamed_kinds.end();
  return of_kind && blamed(place);
}

bool same_statement(const Interner& names, uint32_t id, uint32_t wanted) {
  if (id == wanted) return true;
  if (id == kNone || wanted == kNone || names.told_apart(id)) return false;
  return names.statement(id).text == names.statement(wanted).text &&
         names.statement(id).system == names.statement(wanted).system;
}

int64_t sum_parts(const Interner& names, const Request& request,
                  const std::function<int64_t(const CallNode&, const Part&)>& wanted) {
  int64_t total = 0;
  for (const Part& part : request.parts) total += wanted(names.place(part.place), part);
  return total;
}

int64_t around_calls(const Interner& names, const Request& request,
                     const std::function<bool(const CallNode&)>& removed) {
  struct Calls {
    int64_t all = 0, removed = 0;
  };
  std::map<uint32_t, Calls> callers;
  for (const Part& part : request.parts) {
    const CallNode& place = names.place(part.place);
    bool call = place.parent != kNone && (place.role == Role::Call || place.statement != kNone) &&
                names.place(place.parent).role != Role::Call;
    if (!call) continue;
    callers[place.parent].all += part.calls;
    if (removed(place)) callers[place.parent].removed += part.calls;
  }
  int64_t total = 0;
  for (const Part& part : request.parts) {
    auto caller = callers.find(part.place);
    if (caller == callers.end() || caller->second.removed == 0) continue;
    int64_t own = of(part.ns, SectionKind::Own) + of(part.ns, SectionKind::Runnable) + part.ns[kUnknown];
    // One more: before the first call and after the last the caller works as well.
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

bool has_caller(const Interner& names, const CallNode& place) {
  for (uint32_t at = place.parent; at != kNone; at = names.place(at).parent)
    if (names.place(at).service != place.service) return true;
  return false;
}

}  // namespace culprit::analysis
