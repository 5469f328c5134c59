#include <algorithm>
#include <cstdio>

#include "analysis/answer/why.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/question.h"
#include "cli/recording.h"
#include "cli/source.h"

namespace culprit::cli {

namespace {

// Long enough for several hundred requests of a busy service, short enough to wait for.
constexpr int64_t kRecordNs = 15'000'000'000;

Result<std::string> recorded_now(const Options& options, DatabaseInspector* inquiry) {
  capture::RecordOptions record;
  record.all = options.pids.empty();
  record.pids.assign(options.pids.begin(), options.pids.end());
  record.duration_ns = options.duration.empty() ? kRecordNs : TRY(parse_duration(options.duration));
  record.inquiry = inquiry;
  std::string directory = default_directory();
  std::fprintf(stderr, "no source given: recording this machine for %s into %s\n",
               format_duration(record.duration_ns).c_str(), directory.c_str());
  auto summary = TRY(record_into(directory, record));
  std::fputs((summary_text(summary, directory) + "\n").c_str(), stderr);
  return directory;
}

int status_of(const Answer& answer, const Options& options) {
  if (options.fail_on.empty()) return 0;
  if (answer.verdict == Verdict::Undecided || answer.verdict == Verdict::NoData) return 4;
  for (const Finding& finding : answer.findings)
    for (const std::string& cause : options.fail_on)
      if (cause == finding.cause || (cause == "any" && finding.cause != "unexplained")) return 1;
  return 0;
}

}  // namespace

Result<int> run_why(const Options& options) {
  if (options.operands.size() > 2)
    return Error{Error::Kind::Usage, "too many operands: '" + options.operands[2] + "'", "culprit why --help"};
  auto inquiry = TRY(inquiry_of(options, {}));
  std::string name, baseline_name;
  if (options.operands.size() == 2) {
    baseline_name = options.operands[0];
    name = options.operands[1];
  } else if (options.operands.size() == 1 || !options.source.empty()) {
    name = TRY(named_source(options, 0));
  } else {
    name = TRY(recorded_now(options, inquiry.get()));
  }
  Source source = TRY(open_source(name));
  Source baseline;
  if (!baseline_name.empty()) baseline = TRY(open_source(baseline_name));
  analysis::Question question = TRY(question_of(options));
  question.source = name;
  question.baseline_source = baseline_name;
  Progress progress("looking for the cause");
  progress.tell("");
  Answer answer = TRY(analysis::why(*source.reader, baseline.reader.get(), inquiry.get(), question));
  std::string text = options.format == "json" ? report::why_json(answer)
                     : options.format == "md" ? report::why_markdown(answer)
                                              : report::why_text(answer, look_of(options));
  TRY(print(options, text));
  return status_of(answer, options);
}

Result<int> run_diff(const Options& options) {
  if (options.operands.size() != 2)
    return Error{Error::Kind::Usage, "diff compares two sources", "culprit diff before.culprit after.culprit"};
  Source before = TRY(open_source(options.operands[0]));
  Source after = TRY(open_source(options.operands[1]));
  analysis::Question question = TRY(question_of(options));
  question.source = options.operands[1];
  question.baseline_source = options.operands[0];
  auto inquiry = TRY(inquiry_of(options, {}));
  Comparison comparison = TRY(analysis::diff(*before.reader, *after.reader, inquiry.get(), question));
  TRY(print(options, options.format == "json" ? report::diff_json(comparison)
                                              : report::diff_text(comparison, look_of(options))));
  if (options.fail_on.empty()) return 0;
  if (comparison.verdict == Verdict::Undecided || comparison.verdict == Verdict::NoData) return 4;
  bool slower = std::any_of(comparison.operations.begin(), comparison.operations.end(),
                            [](const OperationChange& operation) { return operation.verdict == "slower"; });
  for (const std::string& condition : options.fail_on) {
    bool any = condition == "any" || condition == "regression";
    if (any && (slower || !comparison.appeared.empty())) return 1;
    for (const Finding& finding : comparison.appeared)
      if (condition == finding.cause) return 1;
  }
  return 0;
}

}  // namespace culprit::cli
