#include <cstdio>

#include "analysis/answer/why.h"
#include "ask/ask.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/recording.h"
#include "cli/shipped_demo.h"
#include "cli/signals.h"
#include "cli/source.h"
#include "demo/demo.h"

namespace culprit::cli {

namespace {

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// Returns null with --no-ask.
Result<std::unique_ptr<DatabaseInspector>> ask_only(const demo::Scene& scene, const Options& options) {
  if (options.no_ask) return std::unique_ptr<DatabaseInspector>();
  return ask::make_inspector({"", {scene.data_directory}});
}

Result<void> record_scene(const demo::Scene& scene, const Options& options, int64_t duration_ns,
                          const std::string& path, const std::atomic<bool>& stop) {
  auto inspector = TRY(ask_only(scene, options));
  capture::RecordOptions record;
  record.database_probes = options.tier != "T0";
  record.pids.assign(scene.root_pids.begin(), scene.root_pids.end());
  record.duration_ns = duration_ns;
  record.inquiry = inspector.get();
  record.stop = &stop;
  auto summary = TRY(record_into(path, record));
  say(summary_text(summary, path) + "\n");
  return {};
}

Result<std::string> answer_why(const demo::Scene& scene, const Options& options, const std::string& path,
                               const report::Look& look) {
  auto inspector = TRY(ask_only(scene, options));
  Source source = TRY(open_source(path));
  analysis::Question question;
  question.source = path;
  Answer answer = TRY(analysis::why(*source.reader, nullptr, inspector.get(), question));
  say(report::why_text(answer, look) + "\n");
  return report::why_json(answer);
}

Result<std::string> answer_diff(const demo::Scene& scene, const Options& options, const std::string& before,
                                const std::string& after, const report::Look& look) {
  auto inspector = TRY(ask_only(scene, options));
  Source first = TRY(open_source(before)), second = TRY(open_source(after));
  analysis::Question question;
  question.baseline_source = before;
  question.source = after;
  Comparison comparison = TRY(analysis::diff(*first.reader, *second.reader, inspector.get(), question));
  say(report::diff_text(comparison, look));
  return report::diff_json(comparison);
}

}  // namespace

Result<int> run_demo(const Options& options) {
  if (shipped_demo_fits(options)) {
    auto possible = can_record_demo();
    if (!possible.has_value()) return tell_shipped_demo(options, possible.error());
  }
  demo::Options demo;
  demo.fault = options.fault;
  demo.save_directory = options.save;
  if (options.duration_ns != 0) demo.duration_ns = options.duration_ns;
  report::Look look = look_of(options);
  demo::Hooks hooks;
  hooks.record = [&](const demo::Scene& scene, int64_t duration_ns, const std::string& path) {
    return record_scene(scene, options, duration_ns, path, stop_requested());
  };
  hooks.why = [&](const demo::Scene& scene, const std::string& path) { return answer_why(scene, options, path, look); };
  hooks.diff = [&](const demo::Scene& scene, const std::string& before, const std::string& after) {
    return answer_diff(scene, options, before, after, look);
  };
  hooks.say = [](const std::string& line) { say(line + "\n"); };
  auto outcome = demo::run(demo, hooks);
  if (int signal = demo::interrupted_by(); signal != 0) return 128 + signal;
  if (!outcome.has_value()) return outcome.error();
  return 0;
}

}  // namespace culprit::cli
