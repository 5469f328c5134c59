// Origins: which of a service's replicas a span is from, and which version of the program, as its resource says.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/profile/interner.h"
#include "model/record.h"
#include "model/span.h"

namespace culprit::analysis {

struct Origin {
  TextId instance = TextId::Empty, version = TextId::Empty;  // texts; 0: not said
  bool operator==(const Origin&) const = default;
};

class ServiceInstances {
 public:
  ServiceInstances(Interner& names, const std::vector<Resource>& resources);
  Origin of(const Span& span) const;

 private:
  Interner& names_;
  std::vector<Origin> origins_;  // by resource
};

}  // namespace culprit::analysis
