#include <cstdio>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/question.h"
#include "cli/recording.h"

namespace culprit::cli {

namespace {

Result<capture::RecordOptions> record_options(const Options& options) {
  capture::RecordOptions record;
  record.all = options.all;
  record.pids.assign(options.pids.begin(), options.pids.end());
  record.command = options.command;
  int scopes = int{record.all} + int{!record.pids.empty()} + int{!record.command.empty()};
  if (scopes != 1)
    return Error{Error::Kind::Usage,
                 scopes == 0 ? "nothing to record was named" : "-a, -p and -- COMMAND exclude each other",
                 "culprit record (-a | -p PID... | -- COMMAND...)"};
  if (!options.operands.empty())
    return Error{Error::Kind::Usage, "unexpected operand '" + options.operands.front() + "'",
                 "a command to record stands behind --: culprit record -- COMMAND"};
  if (!options.duration.empty()) record.duration_ns = TRY(parse_duration(options.duration));
  if (!options.ring_size.empty())
    record.ring_size_bytes = static_cast<uint32_t>(std::min<uint64_t>(TRY(parse_size(options.ring_size)), 1u << 30));
  if (!options.tier.empty()) {
    if (options.tier != "T0" && options.tier != "T0+T1" && options.tier != "T1")
      return Error{Error::Kind::Usage, "unknown tier '" + options.tier + "'", "--tier T0 or --tier T0+T1"};
    record.database_probes = options.tier != "T0";
  }
  return record;
}

}  // namespace

Result<int> run_record(const Options& options) {
  capture::RecordOptions record = TRY(record_options(options));
  auto inquiry = TRY(inquiry_of(options, {}));
  record.inquiry = inquiry.get();
  record.drop_rights = inquiry == nullptr && record.command.empty();
  std::string directory = options.directory.empty() ? default_directory() : options.directory;
  auto summary = record_into(directory, record);
  if (!summary.has_value()) {
    if (record.command.empty()) return summary.error();
    // 125: the recorder failed, not the command (as env(1) and docker have it).
    std::fprintf(stderr, "culprit: %s\n  → %s\n", summary.error().message.c_str(), summary.error().fix.c_str());
    return 125;
  }
  std::string text =
      options.format == "json" ? summary_json(summary.value(), directory) : summary_text(summary.value(), directory);
  if (!record.command.empty() && options.output.empty()) {
    std::fputs(text.c_str(), stderr);  // stdout is the command's
  } else {
    if (options.format != "json") text += "next    culprit why " + directory + "\n";
    TRY(print(options, text));
  }
  return summary.value().command_status.value_or(0);
}

}  // namespace culprit::cli
