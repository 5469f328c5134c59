// The table of options: one row for each option. Parsing, settings, help, the manual and completion are generated from
// it.
//
// An option belongs to groups; a verb accepts the groups in its row (verbs.inc). An option that a verb does not accept
// is refused.
#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

enum class Takes : uint8_t {
  Nothing,      // a flag
  OptionalDsn,  // a DSN, after "=" or as the next word if that can only be a DSN
  Text,
  Choice,  // one of `choices`
  Path,
  Duration,   // 30s
  Time,       // RFC 3339, Unix seconds, -15m, now
  Size,       // 64K
  Count,      // 1 or more
  Pid,        // a process's number
  Condition,  // a class of finding, any, regression
};

enum Group : uint32_t {
  kAnyVerb = 1 << 0,
  kAnswer = 1 << 1,
  kSource = 1 << 2,
  kWindow = 1 << 3,
  kFocus = 1 << 4,
  kGate = 1 << 5,
  kAsk = 1 << 6,
  kRecording = 1 << 7,
  kScope = 1 << 8,
  kRecordOnly = 1 << 9,
  kImportOnly = 1 << 10,
  kSqlOnly = 1 << 11,
  kDemoOnly = 1 << 12,
  kColor = 1 << 13,
  kLength = 1 << 14,
  kTrace = 1 << 15,
  kTimes = 1 << 16,
};

using Member =
    std::variant<std::monostate, bool Options::*, std::string Options::*, std::optional<std::string> Options::*,
                 std::vector<std::string> Options::*, std::vector<int> Options::*, std::optional<int64_t> Options::*,
                 int64_t Options::*, uint64_t Options::*>;

struct OptionRow {
  std::string_view name;  // without the dashes
  char short_name = 0;    // 0: none
  Takes takes = Takes::Nothing;
  std::string_view metavar = {};
  std::string_view fallback = {};  // the value if the option is not given
  uint32_t groups = 0;
  Member member = {};
  std::string_view choices = {};     // separated by spaces; empty for --format: the verb's formats
  std::string_view stands_for = {};  // the value of --format that it stands for
  enum class Setting : uint8_t { No, Yes } setting = Setting::No;  // whether a settings file or CULPRIT_* may set it
  enum class State : uint8_t { Works, Planned, Required } state = State::Works;
  std::string_view help = {};

  bool repeats() const;  // whether it may be given more than once
};

std::span<const OptionRow> option_rows();

// Parses `text` into the member of `row`; returns a Usage error if the option does not accept it. `choices`: the
// allowed values of --format.
Result<void> assign(Options& options, const OptionRow& row, const std::string& text, std::string_view choices);

}  // namespace culprit::cli
