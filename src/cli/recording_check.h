// What can be recorded on this machine: found by loading and attaching the probes for a moment, and from the machine's
// own reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/kernel/event_source.h"

namespace culprit::cli {

// A capability (capabilities(7)), and what recording needs it for.
struct CheckedRight {
  std::string_view name;  // "CAP_BPF"
  std::string_view use;
  bool needed = false;  // false: recording works without it, in part
  bool held = false;
};

// A part of a recording, with the hooks that it needs.
struct CheckedPart {
  enum class State : uint8_t { Works, Partly, Missing, NotTried };
  std::string_view name;  // "requests"
  std::string_view gives;
  State state = State::NotTried;
  std::vector<capture::ProbeState> hooks;
};

struct RecordingCheck {
  std::optional<Error> refused;  // why nothing can be recorded; none: recording works
  std::string kernel;            // "6.1.0-18-amd64"
  std::string machine;           // "x86_64"
  bool btf = false;              // /sys/kernel/btf/vmlinux
  std::string lockdown;          // from /sys/kernel/security/lockdown: "none", "integrity", …; empty: unknown
  bool own_pid_namespace = false;
  bool in_user_namespace = false;
  bool database_probes = false;  // whether probes on servers can read the texts of statements
  int64_t cpus = 0;
  uint32_t uid = 0;
  std::vector<CheckedRight> rights;
  std::vector<CheckedPart> parts;
};

RecordingCheck check_recording();

// Returns the command that grants the missing rights; empty if none is missing.
std::string granting_command(const RecordingCheck& check);

std::string_view to_string(CheckedPart::State state);
std::string check_text(const RecordingCheck& check, int width);
std::string check_json(const RecordingCheck& check);

}  // namespace culprit::cli
