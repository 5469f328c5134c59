#include "model/finding.h"

namespace culprit {

std::span<const FindingClassInfo> finding_classes() {
  static constexpr FindingClassInfo kClasses[] = {
#define CLASS(enumerator, name, sentence) {name, sentence},
#include "model/finding_names.inc"
#undef CLASS
  };
  return kClasses;
}

std::string_view to_string(FindingClass finding_class) {
  return finding_classes()[static_cast<size_t>(finding_class)].name;
}

std::string_view to_string(Mechanism mechanism) {
  static constexpr std::string_view kNames[] = {
#define MECHANISM(enumerator, name) name,
#include "model/finding_names.inc"
#undef MECHANISM
  };
  return kNames[static_cast<size_t>(mechanism)];
}

std::optional<FindingClass> parse_finding_class(std::string_view name) {
  for (size_t i = 0; i < finding_classes().size(); ++i)
    if (finding_classes()[i].name == name) return static_cast<FindingClass>(i);
  return std::nullopt;
}

std::string_view to_string(Verdict verdict) {
  static constexpr std::string_view kNames[] = {"complete", "qualified", "undecided", "no_data"};
  return kNames[static_cast<int>(verdict)];
}

std::string_view to_string(Confidence confidence) {
  static constexpr std::string_view kNames[] = {"high", "medium", "low"};
  return kNames[static_cast<int>(confidence)];
}

}  // namespace culprit
