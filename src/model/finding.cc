#include "model/finding.h"

namespace culprit {

std::string_view to_string(Verdict verdict) {
  static constexpr std::string_view kNames[] = {"complete", "qualified", "undecided", "no_data"};
  return kNames[static_cast<int>(verdict)];
}

std::string_view to_string(Confidence confidence) {
  static constexpr std::string_view kNames[] = {"high", "medium", "low"};
  return kNames[static_cast<int>(confidence)];
}

}  // namespace culprit
