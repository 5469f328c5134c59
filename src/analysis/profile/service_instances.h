// ServiceInstances: the replica of a service and the program version that a span comes from, according to its resource.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/profile/interner.h"
#include "model/record.h"
#include "model/span.h"

namespace culprit::analysis {

struct Origin {
  TextId instance = TextId::Empty, version = TextId::Empty;  // texts; 0: unknown
  bool operator==(const Origin&) const = default;
};

class ServiceInstances {
 public:
  ServiceInstances(Interner& names, const std::vector<Resource>& resources);
  Origin of(const Span& span) const;

 private:
  Interner& names_;
  std::vector<Origin> origins_;  // index: resource
};

}  // namespace culprit::analysis
