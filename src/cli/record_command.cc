#include <cstdio>

#include "base/text.h"
#include "cli/command.h"
#include "cli/print.h"
#include "cli/question.h"
#include "cli/recording.h"

namespace culprit::cli {

namespace {

Result<capture::RecordOptions> scoped(const Options& options) {
  capture::RecordOptions record = record_options_of(options);
  record.all = options.all;
  record.command = options.command;
  int scopes = int{record.all} + int{!record.pids.empty()} + int{!record.command.empty()};
  if (scopes != 1)
    return Error{Error::Kind::Usage,
                 scopes == 0 ? "nothing to record was named" : "-a, -p and -- COMMAND exclude each other",
                 scopes == 0 ? "the whole machine: sudo culprit record -a; all choices: culprit record --help"
                             : "culprit record --help"};
  return record;
}

}  // namespace

Result<int> run_record(const Options& options) {
  capture::RecordOptions record = TRY(scoped(options));
  auto inspector = TRY(inspector_of(options));
  record.inquiry = inspector.get();
  record.drop_rights = inspector == nullptr && record.command.empty();
  std::string directory = options.directory.empty() ? default_directory() : options.directory;
  auto summary = record_into(directory, record);
  if (!summary.has_value()) {
    if (record.command.empty()) return summary.error();
    // 125 means that the recorder failed, not the command (as in env(1) and docker).
    tell_error(summary.error());
    return 125;
  }
  std::string text = options.format == "json" ? summary_json(summary.value(), directory)
                                              : summary_text(summary.value(), directory, zone_of(options));
  if (!record.command.empty() && options.output.empty()) {
    std::fputs(text.c_str(), stderr);  // stdout belongs to the command
  } else {
    if (options.format != "json") text += "next    culprit why " + shell_quoted(directory) + "\n";
    TRY(print(options, text));
  }
  return summary.value().command_status.value_or(0);
}

}  // namespace culprit::cli
