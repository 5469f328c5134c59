// FindingClass and Mechanism: what kind of cause a finding is, of two closed lists (finding_names.inc).
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
  std::string_view name;      // as answers, --fail-on and the documents write it
  std::string_view sentence;  // what tells it
};
std::span<const FindingClassInfo> finding_classes();  // by FindingClass

std::string_view to_string(FindingClass finding_class);  // "slow_statement" …
std::string_view to_string(Mechanism mechanism);         // "scan" …; empty for None
std::optional<FindingClass> parse_finding_class(std::string_view name);

}  // namespace culprit
