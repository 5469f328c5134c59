#include "model/section.h"

namespace culprit {

std::string_view to_string(SectionKind kind) {
  static constexpr std::string_view kNames[] = {"own",   "runnable", "lock",   "disk",       "network",
                                                "sleep", "peer",     "callee", "unexplained"};
  return kNames[static_cast<int>(kind)];
}

}  // namespace culprit
