// FindingClass and Mechanism: the kind of a finding's cause. Both are closed lists (finding_names.inc).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace culprit {

enum class FindingClass : uint8_t {
#define CLASS(enumerator, name, sentence) enumerator,
#include "model/finding_names.inc"
#undef CLASS
};

enum class Mechanism : uint8_t {
#define MECHANISM(enumerator, name) enumerator,
#include "model/finding_names.inc"
#undef MECHANISM
};

struct FindingClassInfo {
  std::string_view name;      // the name in answers, in --fail-on and in documents
  std::string_view sentence;  // how the class is recognised
};
std::span<const FindingClassInfo> finding_classes();  // by FindingClass

std::string_view to_string(FindingClass finding_class);  // "slow_statement" …
std::string_view to_string(Mechanism mechanism);         // "scan" …; empty for None
std::optional<FindingClass> parse_finding_class(std::string_view name);

}  // namespace culprit
