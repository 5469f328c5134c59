// The list of a recording's kernel hooks, by the part that they serve; used to report what can be recorded.
#pragma once

#include <span>
#include <string_view>

namespace culprit::capture {

struct HookInfo {
  std::string_view program;  // ProbeState::name
  std::string_view part;     // "Sockets", "Scheduling", …: as in wire/events.inc
  bool needed;               // if it is missing, its part cannot work
};
std::span<const HookInfo> hook_list();

}  // namespace culprit::capture
