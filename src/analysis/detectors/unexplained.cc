// unexplained: time on the path that no class claims.
#include "analysis/detectors/detector.h"

namespace culprit::analysis {

std::vector<Cause> find_unexplained(const DetectorInput& input) {
  const Interner& names = input.now.names();
  Cause cause;
  cause.cause = FindingClass::Unexplained;
  cause.entity = {"operation", "", "", "", "", 0};
  cause.quality = 0.1;
  cause.pathological = true;
  cause.phrase = "{share} of it is blocked for no recorded reason";
  cause.what = "time on the path during which a thread was blocked and nothing says by what";
  cause.evidence.push_back(observed("blocked, reason not known"));
  cause.assuming = "the unknown can be removed";
  cause.advice = "look while it happens at what its threads are blocked in: strace -f -p PID";
  cause.would_tell = "the system call that its threads are blocked in";
  cause.blamed = [](const CallNode&) { return true; };
  cause.blamed_kinds = {SectionKind::Unexplained};
  cause.saved = [&names](const Request& request) {
    int64_t ns = sum_parts(names, request,
                           [](const CallNode&, const Part& part) { return of(part.ns, SectionKind::Unexplained); });
    return Saved{ns, ns, 0};
  };
  return {cause};
}

}  // namespace culprit::analysis
