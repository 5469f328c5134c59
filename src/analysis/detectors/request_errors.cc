// exception, error_return: requests fail, and this is where they fail first: the deepest span of a failed request that says
// so. An exception was seen there, or only a status.
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

struct Failing {
  int64_t requests = 0, exceptions = 0, tolerated = 0;
  std::map<uint32_t, int64_t> said, labels;
};

// Of a failure in a call nobody answered: the callee failed, or was not reached.
uint32_t whose(const Interner& names, const Failure& failure) {
  const CallNode& place = names.place(failure.place);
  bool unseen = place.role == Role::Call && !place.callee_seen && place.statement == kNone && place.peer != 0;
  return unseen ? place.peer : place.service;
}

std::string most(const Interner& names, const std::map<uint32_t, int64_t>& counts) {
  uint32_t best = 0;
  int64_t count = 0;
  for (auto [id, n] : counts)
    if (id != 0 && n > count) best = id, count = n;
  return best == 0 ? "" : names.text(best);
}

}  // namespace

std::vector<Cause> find_request_errors(const DetectorInput& scene) {
  const Interner& names = scene.now.names();
  std::map<uint32_t, Failing> found;
  int64_t requests = 0;
  for (const Operation& operation : scene.now.operations())
    for (const Request& request : operation.kept) {
      ++requests;
      if (!request.failure) continue;
      Failing& failing = found[whose(names, *request.failure)];
      ++failing.requests, failing.exceptions += request.failure->exception;
      failing.tolerated += request.failure->tolerated;
      ++failing.said[request.failure->said], ++failing.labels[names.place(request.failure->place).label];
    }
  std::vector<Cause> causes;
  for (const auto& [service, failing] : found) {
    Cause cause;
    bool exception = failing.exceptions * 2 > failing.requests;
    cause.cause = exception ? "exception" : "error_return";
    cause.entity = {"service", names.text(service), "", "", "", 0};
    bool tolerated = failing.tolerated * 2 > failing.requests;
    cause.quality = tolerated ? kInferred : kObserved;
    cause.pathological = true;
    cause.phrase = "requests fail in " + cause.entity.name + ": {share} of their time is lost";
    std::string said = most(names, failing.said), where = most(names, failing.labels);
    cause.what = format_count(failing.requests) + " of " + format_count(requests) + " requests fail, first in " +
                 cause.entity.name + (where.empty() ? "" : " (" + where + ")") + (said.empty() ? "" : ": " + said);
    cause.evidence.push_back(observed(cause.what, static_cast<double>(failing.requests), "requests"));
    if (tolerated) cause.against.push_back("most of these requests are answered all the same, without what failed");
    if (!exception) cause.against.push_back("what went wrong there: these traces have the status only");
    cause.assuming = "a failed request's time is lost: it must be asked again";
    cause.advice =
        "look at " + (where.empty() ? cause.entity.name : where) + " in " + cause.entity.name + " and its log";
    cause.would_tell = "the log of " + cause.entity.name;
    cause.blamed = [service = service](const CallNode& place) { return place.service == service; };
    cause.fails = [&names, service = service](const Request& request) {
      return request.failure && whose(names, *request.failure) == service;
    };
    cause.saved = [fails = cause.fails](const Request& request) {
      int64_t ns = fails(request) ? request.duration_ns : 0;
      return Saved{ns, ns, ns / 2};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
