// Options: the parsed command line. One plain struct for all verbs, filled from the option table (option_table.cc).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culprit::cli {

struct Options {
  std::string verb;
  std::vector<std::string> operands;
  std::vector<std::string> command;  // the command of `record -- COMMAND`

  std::string source;  // -s
  std::string output;  // -O; empty: stdout
  std::string format;
  std::string color;  // auto always never
  std::string tz;     // name of a time zone, "UTC", "local", "+02:00"

  std::optional<int64_t> from_ns, to_ns;
  std::string service, operation, statement;
  std::string trace;  // --trace: an id, its first digits, or "slowest"
  std::vector<std::string> fail_on;

  std::optional<std::string> ask;  // a DSN; empty: the databases found; nullopt: not asked
  std::string ask_passfile;        // where the DSN's password is

  bool all = false;
  bool redact = false;  // import
  std::vector<int> pids;
  std::string directory;         // -o
  int64_t duration_ns = 0;       // --for; 0: not given
  uint64_t ring_size_bytes = 0;  // for each CPU; 0: not given
  std::string tier;

  std::string fault;  // demo
  bool no_ask = false;
  std::string save;
  int64_t max_rows = 0;  // sql
  int64_t max_time_ns = 0;
  uint64_t max_memory_bytes = 0, max_spill_bytes = 0;

  // The source of each option's value, by the option's name; an option without an entry has its default.
  struct Origin {
    std::vector<std::string> values;  // as typed
    std::string place;                // kCommandLine, "CULPRIT_TZ", "/etc/culprit/culprit.toml:3"
  };
  static constexpr std::string_view kCommandLine = "command line";
  std::map<std::string_view, Origin> origins;

  // Returns whether the option was typed, and not set by a default or a setting.
  bool typed(std::string_view name) const {
    auto found = origins.find(name);
    return found != origins.end() && found->second.place == kCommandLine;
  }
};

}  // namespace culprit::cli
