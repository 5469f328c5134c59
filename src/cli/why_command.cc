#include <algorithm>
#include <cstdio>

#include "analysis/answer/why.h"
#include "base/text.h"
#include "cli/cancelling_reader.h"
#include "cli/command.h"
#include "cli/gate.h"
#include "cli/progress.h"
#include "cli/question.h"
#include "cli/recording.h"
#include "cli/signals.h"
#include "cli/source.h"
#include "cli/trace_name.h"

namespace culprit::cli {

namespace {

// Long enough for several hundred requests of a busy service, and short enough to wait for.
constexpr int64_t kRecordNs = 15'000'000'000;

Result<std::string> recorded_now(const Options& options, DatabaseInspector* inspector) {
  capture::RecordOptions record = record_options_of(options);
  record.all = options.pids.empty();
  if (record.duration_ns == 0) record.duration_ns = kRecordNs;
  record.inquiry = inspector;
  std::string directory = default_directory();
  std::fprintf(stderr, "no source given: recording this machine for %s into %s\n",
               format_duration(record.duration_ns).c_str(), directory.c_str());
  auto summary = TRY(record_into(directory, record));  // Ctrl-C ends the recording; a second one ends the analysis
  std::fputs((summary_text(summary, directory, zone_of(options)) + "\n").c_str(), stderr);
  return directory;
}

// With a source nothing is recorded: options about recording would have no effect.
Result<void> refuse_recording_options(const Options& options) {
  for (std::string_view name : {"pid", "for", "ring-size", "tier"})
    if (options.typed(name))
      return Error{Error::Kind::Usage, "--" + std::string(name) + " is an option for recording, but a source is given",
                   "leave one of them out: without a source, why records this machine"};
  return {};
}

Result<Source> open_until_cancelled(const std::string& name) {
  Source source = TRY(open_readable_source(name));
  source.reader = until_cancelled(std::move(source.reader), stop_token());
  return source;
}

// Progress ends before the answer is printed.
Result<Answer> answer_of(Source& source, Source& baseline, DatabaseInspector* inspector,
                         const analysis::Question& question) {
  Progress progress("looking for the cause", Progress::Beat::Own);
  return analysis::why(*source.reader, baseline.reader.get(), inspector, question);
}

Result<Comparison> comparison_of(Source& before, Source& after, DatabaseInspector* inspector,
                                 const analysis::Question& question) {
  Progress progress("comparing", Progress::Beat::Own);
  return analysis::diff(*before.reader, *after.reader, inspector, question);
}

struct Sources {
  std::string name, baseline;  // baseline: empty if none is given
};

Result<Sources> sources_of(const Options& options) {
  if (options.typed("source") && !options.operands.empty())
    return Error{
        Error::Kind::Usage, "two sources: -s '" + options.source + "' and '" + options.operands[0] + "'",
        "to compare them: culprit why " + shell_quoted(options.source) + " " + shell_quoted(options.operands[0])};
  if (options.operands.size() == 2) return Sources{options.operands[1], options.operands[0]};
  if (options.operands.size() == 1) return Sources{options.operands[0], ""};
  return Sources{options.source, ""};
}

}  // namespace

Result<int> run_why(const Options& options) {
  Sources sources = TRY(sources_of(options));
  TRY(check_conditions(options, sources.baseline.empty() ? Baseline::None : Baseline::Given));
  if (!sources.name.empty()) TRY(refuse_recording_options(options));
  analysis::Question question = TRY(question_of(options));
  auto inspector = TRY(inspector_of(options));
  if (sources.name.empty()) sources.name = TRY(recorded_now(options, inspector.get()));
  Source source = TRY(open_until_cancelled(sources.name));
  Source baseline;
  if (!sources.baseline.empty()) baseline = TRY(open_until_cancelled(sources.baseline));
  if (!options.trace.empty()) question.trace = TRY(find_trace(*source.reader, options.trace, sources.name));
  question.source = sources.name;
  question.baseline_source = sources.baseline;
  Answer answer = TRY(answer_of(source, baseline, inspector.get(), question));
  report::Look look = look_of(options);
  TRY(print_text(options, options.format == "md" ? report::why_markdown(answer, look) : report::why_text(answer, look),
                 report::why_json(answer)));
  bool compares = std::find(options.fail_on.begin(), options.fail_on.end(), "regression") != options.fail_on.end();
  if (!compares) return gate_status(options, answer, nullptr);
  Comparison comparison = TRY(comparison_of(baseline, source, nullptr, question));
  return gate_status(options, answer, &comparison);
}

Result<int> run_diff(const Options& options) {
  if (options.operands.size() != 2)
    return Error{Error::Kind::Usage, "diff compares two sources", "culprit diff --help"};
  analysis::Question question = TRY(question_of(options));
  auto inspector = TRY(inspector_of(options));
  Source before = TRY(open_until_cancelled(options.operands[0]));
  Source after = TRY(open_until_cancelled(options.operands[1]));
  question.source = options.operands[1];
  question.baseline_source = options.operands[0];
  Comparison comparison = TRY(comparison_of(before, after, inspector.get(), question));
  TRY(print_text(options, report::diff_text(comparison, look_of(options)), report::diff_json(comparison)));
  return gate_status(options, comparison);
}

}  // namespace culprit::cli
