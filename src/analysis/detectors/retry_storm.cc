// retry_storm: a call fails and is made again, with a pause or without: its caller waits for attempts that were in vain.
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
  std::set<uint32_t> places;
  int64_t requests = 0, failed = 0;
  std::vector<int64_t> wasted;
};

// Whom a call is for: the service behind it where that was seen, else as the caller names it.
uint32_t callee_of(const Interner& names, const std::map<uint32_t, uint32_t>& served, uint32_t id) {
  if (auto found = served.find(id); found != served.end()) return found->second;
  const CallNode& place = names.place(id);
  return place.peer != 0 ? place.peer : place.label;
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

std::vector<Cause> find_retry_storms(const DetectorInput& scene) {
  const Interner& names = scene.now.names();
  std::map<uint32_t, uint32_t> served;
  for (uint32_t id = 0; id < names.places(); ++id)
    if (names.place(id).role == Role::Served && names.place(id).parent != kNone)
      served.emplace(names.place(id).parent, names.place(id).service);
  std::map<std::pair<uint32_t, uint32_t>, Stubborn> found;  // caller, callee
  for (const Operation& operation : scene.now.operations())
    for (const Request& request : operation.kept)
      for (const Retry& retry : request.retries) {
        Stubborn& one = found[{names.place(retry.place).service, callee_of(names, served, retry.place)}];
        one.places.insert(retry.place);
        ++one.requests, one.failed += retry.failed;
        one.wasted.push_back(retry.wasted_ns);
      }
  std::vector<Cause> causes;
  for (const auto& [ends, one] : found) {
    Cause cause;
    cause.cause = "retry_storm";
    cause.caller = names.text(ends.first);
    cause.entity = {"service", names.text(ends.second), "", "", "", 0};
    if (uint32_t statement = names.place(*one.places.begin()).statement; statement != kNone) {
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
    cause.blamed = [&names, places = one.places](const CallNode& place) {
      for (uint32_t id : places)
        if (names.place(id) == place) return true;
      return false;
    };
    cause.saved = [places = one.places](const Request& request) {
      int64_t ns = 0;
      for (const Retry& retry : request.retries) {
        bool on_path = std::any_of(request.parts.begin(), request.parts.end(),
                                   [&](const Part& part) { return part.place == retry.place; });
        if (on_path && places.contains(retry.place)) ns += retry.wasted_ns;
      }
      return Saved{ns, ns, ns / 2};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
