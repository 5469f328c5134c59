#include "analysis/cause.h"

namespace culprit::analysis {

bool same_statement(const Names& names, uint32_t id, uint32_t wanted) {
  if (id == wanted) return true;
  if (id == kNone || wanted == kNone) return false;
  return names.statement(id).text == names.statement(wanted).text &&
         names.statement(id).system == names.statement(wanted).system;
}

int64_t sum_parts(const Names& names, const Request& request,
                  const std::function<int64_t(const Place&, const Part&)>& wanted) {
  int64_t total = 0;
  for (const Part& part : request.parts) total += wanted(names.place(part.place), part);
  return total;
}

EvidenceLine observed(std::string text, double value, std::string unit) {
  return {std::move(text), value, std::move(unit), {}, "observed"};
}

EvidenceLine inferred(std::string text, double value, std::string unit) {
  return {std::move(text), value, std::move(unit), {}, "inferred"};
}

bool has_caller(const Names& names, const Place& place) {
  for (uint32_t at = place.parent; at != kNone; at = names.place(at).parent)
    if (names.place(at).service != place.service) return true;
  return false;
}

}  // namespace culprit::analysis
