// The kernel hooks of a recording, by what they give: for those who say what can be recorded.
#pragma once

#include <span>
#include <string_view>

namespace culprit::capture {

struct HookInfo {
  std::string_view program;  // ProbeState::name
  std::string_view part;     // "Sockets", "Scheduling", …: as in wire/events.inc
  bool needed;               // without it the part is worth nothing
};
std::span<const HookInfo> hook_list();

}  // namespace culprit::capture
