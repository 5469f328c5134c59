// What can be recorded here: found by loading and attaching the probes for a moment, and from what the machine says of itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/kernel/event_source.h"

namespace culprit::cli {

// A capability (capabilities(7)) and what recording needs it for.
struct CheckedRight {
  std::string_view name;  // "CAP_BPF"
  std::string_view use;
  bool needed = false;  // else: without it something is missing
  bool held = false;
};

// A part of what a recording has, with the hooks that it comes from.
struct CheckedPart {
  enum class State : uint8_t { Works, Partly, Missing, NotTried };
  std::string_view name;  // "requests"
  std::string_view gives;
  State state = State::NotTried;
  std::vector<capture::ProbeState> hooks;
};

struct RecordingCheck {
  std::optional<Error> refused;  // why nothing can be recorded; none: it works
  std::string kernel;            // "6.1.0-18-amd64"
  std::string machine;           // "x86_64"
  bool btf = false;              // /sys/kernel/btf/vmlinux
  std::string lockdown;          // of /sys/kernel/security/lockdown: "none", "integrity", …; empty: not told
  bool own_pid_namespace = false;
  bool in_user_namespace = false;
  bool database_probes = false;  // whether servers can be probed for the texts of statements
  int64_t cpus = 0;
  uint32_t uid = 0;
  std::vector<CheckedRight> rights;
  std::vector<CheckedPart> parts;
};

RecordingCheck check_recording();

// The command that grants what is missing; empty: nothing is.
std::string granting_command(const RecordingCheck& check);

std::string_view to_string(CheckedPart::State state);
std::string check_text(const RecordingCheck& check, int width);
std::string check_json(const RecordingCheck& check);

}  // namespace culprit::cli
