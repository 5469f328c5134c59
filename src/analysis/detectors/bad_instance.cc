// bad_instance: the slow requests of a service are those of one replica, while its other replicas serve the same
// requests faster.
#include "analysis/detectors/own_time.h"

namespace culprit::analysis {

std::vector<Cause> find_bad_instances(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (auto& [cause, where] : find_slow_own_times(input)) {
    if (!where.one_replica()) continue;
    const std::string& name = names.text(where.instance.origin);
    cause.evidence.push_back(confinement(names, where.instance, "the other replicas"));
    cause.cause = FindingClass::BadInstance;
    cause.mechanism = Mechanism::None;
    cause.quality = kInferred;
    cause.phrase = "one replica of " + cause.entity.name + " is slow: {share} of it";
    cause.entity = {"instance", name, cause.entity.name, "", "", 0};
    cause.advice = "take " + name + " out of service, and look at its machine";
    cause.would_tell = "culprit record on the machine of " + name;
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
