#include "analysis/detectors/request_failures.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace culprit::analysis {

namespace {

struct Failing {
  int64_t requests = 0, exceptions = 0, tolerated = 0;
  std::map<TextId, int64_t> said, labels;
};

// Returns the owner of a failure. If a call has no recorded other end, the owner is its peer: it failed, or was not
// reached.
TextId failing_service(const Interner& names, const Failure& failure) {
  const CallNode& node = names.node(failure.node);
  bool unseen =
      node.role == Role::Call && !node.callee_seen && node.statement == StatementId::None && node.peer != TextId::Empty;
  return unseen ? node.peer : node.service;
}

std::string most(const Interner& names, const std::map<TextId, int64_t>& counts) {
  TextId best = TextId::Empty;
  int64_t count = 0;
  for (auto [id, n] : counts)
    if (id != TextId::Empty && n > count) best = id, count = n;
  return names.text(best);
}

}  // namespace

std::vector<Cause> find_request_failures(const DetectorInput& input, FindingClass wanted) {
  const Interner& names = input.now.names();
  std::map<TextId, Failing> found;
  int64_t requests = 0;
  for (const Operation& operation : input.now.operations())
    for (const Request& request : operation.kept) {
      ++requests;
      if (!request.failure) continue;
      Failing& failing = found[failing_service(names, *request.failure)];
      ++failing.requests, failing.exceptions += request.failure->exception;
      failing.tolerated += request.failure->tolerated;
      ++failing.said[request.failure->said], ++failing.labels[names.node(request.failure->node).label];
    }
  std::vector<Cause> causes;
  for (const auto& [service, failing] : found) {
    Cause cause;
    bool exception = failing.exceptions * 2 > failing.requests;
    cause.cause = exception ? FindingClass::Exception : FindingClass::ErrorReturn;
    if (cause.cause != wanted) continue;
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
    cause.blamed = [service = service](const CallNode& node) { return node.service == service; };
    cause.fails = [&names, service = service](const Request& request) {
      return request.failure && failing_service(names, *request.failure) == service;
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
