#include "cli/option_table.h"

#include <algorithm>
#include <charconv>

#include "analysis/detectors/registry.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "model/finding_class.h"

namespace culprit::cli {

namespace {

using enum OptionRow::Setting;
using enum OptionRow::State;

constexpr std::string_view kColors = "auto always never";
constexpr std::string_view kTiers = "T0 T1 T0+T1";
bool has_detector(size_t finding_class) {
  return std::any_of(analysis::detectors().begin(), analysis::detectors().end(),
                     [&](const analysis::Detector& detector) {
                       return detector.finding_class == static_cast<FindingClass>(finding_class);
                     });
}

// Returns the names of the classes of findings with a detector, or of those without.
std::string class_names(bool detected) {
  std::string text;
  for (size_t i = 0; i < finding_classes().size(); ++i)
    if (has_detector(i) == detected) text += " " + std::string(finding_classes()[i].name);
  return text;
}

// Values of --fail-on; and classes without a detector, which no finding can have yet: they are refused by name.
const std::string kConditions = "any regression" + class_names(true);
const std::string kPlannedConditions = class_names(false);
// Values of --format that are planned: they are refused by name.
constexpr std::string_view kPlannedFormats = "sarif otlp-json otlp perfetto chrome folded parquet";
constexpr std::string_view kFaults =
    "missing_index row_lock n_plus_one commit_per_row noisy_neighbour slow_dependency none";

// In the order of the help.
const OptionRow kOptions[] = {
    {.name = "source",
     .short_name = 's',
     .takes = Takes::Path,
     .metavar = "SOURCE",
     .groups = kSource,
     .member = &Options::source,
     .setting = Yes,
     .help = "a recording, a store, a trace file, or - for stdin"},
    {.name = "all", .short_name = 'a', .groups = kRecordOnly, .member = &Options::all, .help = "the whole machine"},
    {.name = "pid",
     .short_name = 'p',
     .takes = Takes::Pid,
     .metavar = "PID",
     .groups = kScope,
     .member = &Options::pids,
     .help = "only this process and its children; may be given again"},
    {.name = "cgroup", .takes = Takes::Path, .metavar = "PATH", .groups = kRecordOnly, .state = Planned},
    {.name = "directory",
     .short_name = 'o',
     .takes = Takes::Path,
     .metavar = "DIR",
     .groups = kRecordOnly,
     .member = &Options::directory,
     .help = "directory to create (default culprit-<date>-<time>.culprit); must not exist"},
    {.name = "store",
     .short_name = 'o',
     .takes = Takes::Path,
     .metavar = "STORE",
     .groups = kImportOnly,
     .member = &Options::directory,
     .state = Required,
     .help = "the store to create; must not exist"},
    {.name = "redact",
     .groups = kImportOnly,
     .member = &Options::redact,
     .help = "mask literals in statements, ids in paths, and secrets"},
    {.name = "for",
     .takes = Takes::Duration,
     .metavar = "DURATION",
     .groups = kLength,
     .member = &Options::duration_ns,
     .setting = Yes,
     .help = "how long to record: 30s, 2m"},
    {.name = "ring-size",
     .takes = Takes::Size,
     .metavar = "SIZE",
     .groups = kRecording,
     .member = &Options::ring_size_bytes,
     .setting = Yes,
     .help = "size of the event buffer of each CPU: 64K, 16M"},
    {.name = "tier",
     .takes = Takes::Choice,
     .metavar = "TIER",
     .fallback = "T0+T1",
     .groups = kRecording | kDemoOnly,
     .member = &Options::tier,
     .choices = kTiers,
     .setting = Yes,
     .help = "T0 (no probes in programs) or T0+T1 (also PostgreSQL's own activity)"},
    {.name = "to", .takes = Takes::Text, .metavar = "URL", .groups = kRecordOnly, .state = Planned},
    {.name = "budget", .takes = Takes::Text, .metavar = "SHARE", .groups = kRecordOnly, .state = Planned},
    {.name = "flight", .takes = Takes::Duration, .metavar = "DURATION", .groups = kRecordOnly, .state = Planned},
    {.name = "from",
     .takes = Takes::Time,
     .metavar = "TIME",
     .groups = kWindow,
     .member = &Options::from_ns,
     .help = "start of the window: RFC 3339, Unix seconds, -15m, now"},
    {.name = "to",
     .takes = Takes::Time,
     .metavar = "TIME",
     .groups = kWindow,
     .member = &Options::to_ns,
     .help = "end of the window"},
    {.name = "around", .takes = Takes::Time, .metavar = "TIME", .groups = kWindow, .state = Planned},
    {.name = "baseline-from", .takes = Takes::Time, .metavar = "TIME", .groups = kWindow, .state = Planned},
    {.name = "baseline-to", .takes = Takes::Time, .metavar = "TIME", .groups = kWindow, .state = Planned},
    {.name = "service",
     .takes = Takes::Text,
     .metavar = "NAME",
     .groups = kFocus,
     .member = &Options::service,
     .help = "only traces with this service, and findings about it"},
    {.name = "operation",
     .takes = Takes::Text,
     .metavar = "NAME",
     .groups = kFocus,
     .member = &Options::operation,
     .help = "only requests of this operation"},
    {.name = "statement",
     .takes = Takes::Text,
     .metavar = "TEXT",
     .groups = kFocus,
     .member = &Options::statement,
     .help = "only traces with this statement, and findings about it"},
    {.name = "trace",
     .takes = Takes::Text,
     .metavar = "ID",
     .groups = kTrace,
     .member = &Options::trace,
     .help = "only this trace: its id, its first digits, or slowest"},
    {.name = "fail-on",
     .takes = Takes::Condition,
     .metavar = "CLASS",
     .groups = kGate,
     .member = &Options::fail_on,
     .choices = kConditions,
     .setting = Yes,
     .help =
         "exit with 1 if a finding has this class (any: any class; regression: slower than the baseline), with 4 if "
         "the data cannot tell; may be given again"},
    {.name = "ask",
     .takes = Takes::OptionalDsn,
     .metavar = "DSN",
     .groups = kAsk,
     .member = &Options::ask,
     .setting = Yes,
     .help = "query the databases found (read-only, 1 s limit): blocking sessions, plan and table of the statement to "
             "blame; with a DSN: query that database"},
    {.name = "ask-passfile",
     .takes = Takes::Path,
     .metavar = "FILE",
     .groups = kAsk,
     .member = &Options::ask_passfile,
     .setting = Yes,
     .help = "file of the password for --ask DSN, in lines of host:port:database:user:password; readable by its owner "
             "alone (mode 600)"},
    {.name = "no-ask", .groups = kDemoOnly, .member = &Options::no_ask, .help = "do not query the database"},
    {.name = "max-rows",
     .takes = Takes::Count,
     .metavar = "N",
     .fallback = "100000",
     .groups = kSqlOnly,
     .member = &Options::max_rows,
     .setting = Yes,
     .help = "stop after so many rows"},
    {.name = "max-time",
     .takes = Takes::Duration,
     .metavar = "DURATION",
     .fallback = "30s",
     .groups = kSqlOnly,
     .member = &Options::max_time_ns,
     .setting = Yes,
     .help = "stop the query after this time"},
    {.name = "max-memory",
     .takes = Takes::Size,
     .metavar = "SIZE",
     .fallback = "1G",
     .groups = kSqlOnly,
     .member = &Options::max_memory_bytes,
     .setting = Yes,
     .help = "memory limit of the query"},
    {.name = "max-spill",
     .takes = Takes::Size,
     .metavar = "SIZE",
     .fallback = "4G",
     .groups = kSqlOnly,
     .member = &Options::max_spill_bytes,
     .setting = Yes,
     .help = "limit of temporary data on disk, used if memory is not enough"},
    {.name = "fault",
     .takes = Takes::Choice,
     .metavar = "NAME",
     .groups = kDemoOnly,
     .member = &Options::fault,
     .choices = kFaults,
     .help = "the fault to plant (default: one chosen at random)"},
    {.name = "save",
     .takes = Takes::Path,
     .metavar = "DIR",
     .groups = kDemoOnly,
     .member = &Options::save,
     .help = "keep recordings, answers and the truth in this directory"},
    {.name = "format",
     .takes = Takes::Choice,
     .metavar = "FORMAT",
     .fallback = "text",
     .groups = kAnswer,
     .member = &Options::format,
     .setting = Yes,
     .help = "how to print the answer"},
    {.name = "json",
     .groups = kAnswer,
     .member = &Options::format,
     .stands_for = "json",
     .help = "short for --format json"},
    {.name = "html",
     .takes = Takes::Path,
     .metavar = "FILE",
     .groups = kAnswer,
     .member = &Options::output,
     .stands_for = "html",
     .help = "short for --format html -O FILE"},
    {.name = "output",
     .short_name = 'O',
     .takes = Takes::Path,
     .metavar = "FILE",
     .groups = kAnswer,
     .member = &Options::output,
     .help = "write the answer to this file"},
    {.name = "tz",
     .takes = Takes::Text,
     .metavar = "ZONE",
     .fallback = "UTC",
     .groups = kTimes,
     .member = &Options::tz,
     .setting = Yes,
     .help = "print times in this zone: Europe/Berlin, +02:00, local"},
    {.name = "color",
     .takes = Takes::Choice,
     .metavar = "WHEN",
     .fallback = "auto",
     .groups = kColor,
     .member = &Options::color,
     .choices = kColors,
     .setting = Yes,
     .help = "auto: on a terminal, unless NO_COLOR is set"},
    {.name = "print-config",
     .groups = kAnyVerb,
     .help = "print every setting with its value and its origin, and do nothing else"},
    {.name = "help", .short_name = 'h', .groups = kAnyVerb, .help = "print this help"},
};

Error refused(const OptionRow& row, std::string_view what, const std::string& fix) {
  return {Error::Kind::Usage, "--" + std::string(row.name) + ": " + std::string(what), fix};
}

// Parses the value of an option that takes a number of type `Int`.
template <class Int>
Result<Int> parse_whole(const OptionRow& row, const std::string& text) {
  Int number = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < 1)
    return refused(row, "not a number of 1 or more: '" + text + "'", "");
  return number;
}

std::string one_of(const std::vector<std::string_view>& choices) {
  std::string text;
  for (std::string_view choice : choices) text += (text.empty() ? "one of " : ", ") + std::string(choice);
  return text;
}

Result<void> check_choice(const OptionRow& row, const std::string& text, std::string_view choices) {
  std::vector<std::string_view> known = split(choices, ' ');
  if (std::find(known.begin(), known.end(), text) != known.end()) return {};
  std::string_view to_be = row.takes == Takes::Condition ? kPlannedConditions
                           : row.name == "format"        ? kPlannedFormats
                                                         : std::string_view();
  std::vector<std::string_view> planned = split(to_be, ' ');
  if (!text.empty() && std::find(planned.begin(), planned.end(), text) != planned.end())
    return refused(row, "'" + text + "' is not there yet", one_of(known));
  std::string_view guess = closest(text, known);
  return refused(row,
                 "there is no " + std::string(row.takes == Takes::Condition ? "class" : row.name) + " '" + text + "'",
                 guess.empty() ? one_of(known) : "did you mean '" + std::string(guess) + "'?");
}

Error prefixed(const OptionRow& row, Error error) {
  error.message = "--" + std::string(row.name) + ": " + error.message;
  return error;
}

template <class T>
Result<T> of_option(const OptionRow& row, Result<T> parsed) {
  if (!parsed.has_value()) return prefixed(row, parsed.error());
  return parsed;
}

}  // namespace

bool OptionRow::repeats() const {
  return std::holds_alternative<std::vector<std::string> Options::*>(member) ||
         std::holds_alternative<std::vector<int> Options::*>(member);
}

std::span<const OptionRow> option_rows() { return kOptions; }

Result<void> assign(Options& options, const OptionRow& row, const std::string& text, std::string_view choices) {
  if (!row.stands_for.empty()) options.format = row.stands_for;
  switch (row.takes) {
    case Takes::Nothing:
      if (auto* flag = std::get_if<bool Options::*>(&row.member)) options.*(*flag) = true;
      return {};
    case Takes::OptionalDsn: options.*std::get<std::optional<std::string> Options::*>(row.member) = text; return {};
    case Takes::Choice: TRY(check_choice(row, text, row.choices.empty() ? choices : row.choices)); [[fallthrough]];
    case Takes::Text:
    case Takes::Path:
      if (text.empty()) return refused(row, "its value is empty", "");
      options.*std::get<std::string Options::*>(row.member) = text;
      return {};
    case Takes::Duration:
      options.*std::get<int64_t Options::*>(row.member) = TRY(of_option(row, parse_duration(text)));
      return {};
    case Takes::Time:
      options.*std::get<std::optional<int64_t> Options::*>(row.member) =
          TRY(of_option(row, parse_time(text, wall_ns())));
      return {};
    case Takes::Size:
      options.*std::get<uint64_t Options::*>(row.member) = TRY(of_option(row, parse_size(text)));
      return {};
    case Takes::Count:
      options.*std::get<int64_t Options::*>(row.member) = TRY(parse_whole<int64_t>(row, text));
      return {};
    case Takes::Pid:
      (options.*std::get<std::vector<int> Options::*>(row.member)).push_back(TRY(parse_whole<int>(row, text)));
      return {};
    case Takes::Condition:
      TRY(check_choice(row, text, row.choices));
      (options.*std::get<std::vector<std::string> Options::*>(row.member)).push_back(text);
      return {};
  }
  return {};
}

}  // namespace culprit::cli
