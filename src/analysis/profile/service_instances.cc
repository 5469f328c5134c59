#include "analysis/profile/service_instances.h"

namespace culprit::analysis {

ServiceInstances::ServiceInstances(Interner& names, const std::vector<Resource>& resources) : names_(names) {
  origins_.reserve(resources.size());
  for (const Resource& resource : resources) {
    Origin origin;
    // The most specific name that an operator knows comes first.
    for (std::string_view key : {"service.instance.id", "k8s.pod.name", "host.name"})
      if (std::string_view text = find_text(resource.attributes, key);
          !text.empty() && origin.instance == TextId::Empty)
        origin.instance = names.intern(text);
    if (std::string_view text = find_text(resource.attributes, "service.version"); !text.empty())
      origin.version = names.intern(text);
    origins_.push_back(origin);
  }
}

// All spans of a recorder have the resource of the machine.
Origin ServiceInstances::of(const Span& span) const {
  Origin origin = span.resource < origins_.size() ? origins_[span.resource] : Origin();
  if (origin.instance == TextId::Empty && !span.host.empty()) origin.instance = names_.intern(span.host);
  return origin;
}

}  // namespace culprit::analysis
