#include "cli/shipped_demo.h"

#include <stdlib.h>
#include <unistd.h>

#include "analysis/answer/why.h"
#include "base/text.h"
#include "capture/kernel/bpf_source.h"
#include "cli/command.h"
#include "cli/own_program.h"
#include "cli/print.h"
#include "cli/source.h"
#include "demo/demo.h"

namespace culprit::cli {

namespace {

constexpr std::string_view kShippedFault = "missing_index";

bool is_there(const std::string& path) { return access(path.c_str(), R_OK | X_OK) == 0; }

Result<std::string> why_of(const ShippedDemo& demo, const report::Look& look) {
  Source source = TRY(open_source(demo.before));
  analysis::Question question;
  question.source = demo.before;
  return report::why_text(TRY(analysis::why(*source.reader, nullptr, nullptr, question)), look);
}

Result<std::string> diff_of(const ShippedDemo& demo, const report::Look& look) {
  Source before = TRY(open_source(demo.before)), after = TRY(open_source(demo.after));
  analysis::Question question;
  question.baseline_source = demo.before;
  question.source = demo.after;
  return report::diff_text(TRY(analysis::diff(*before.reader, *after.reader, nullptr, question)), look);
}

std::string commands_on(const ShippedDemo& demo) {
  const std::string before = shell_quoted(demo.before), after = shell_quoted(demo.after);
  return "try     culprit why " + before + " --json\n" + "        culprit show slowest -s " + before + "\n" +
         "        culprit diff " + before + " " + after + "\n" +
         "        culprit sql 'SELECT name, count(*) n, max(duration_ns) FROM span GROUP BY name ORDER BY 3 DESC' -s " +
         before + "\n";
}

}  // namespace

Result<ShippedDemo> find_shipped_demo() {
  const std::string directory = own_directory();
  for (const char* place : {"/share/culprit/demo", "/../share/culprit/demo"}) {
    char* real = realpath((directory + place).c_str(), nullptr);
    if (real == nullptr) continue;
    ShippedDemo demo{std::string(real) + "/before.culprit", std::string(real) + "/after.culprit"};
    free(real);
    if (is_there(demo.before) && is_there(demo.after)) return demo;
  }
  return Error{Error::Kind::NotFound, "the recordings that come with culprit are not in share/culprit/demo",
               "install the whole package, or name a recording of yours: culprit why slow.culprit"};
}

Result<void> can_record_demo() {
  TRY(demo::check_place());
  constexpr uint32_t kSmallestRing = 64u << 10;
  TRY(capture::open_bpf_source({.scope = {.all = true}, .ring_size_bytes = kSmallestRing}));
  return {};
}

bool shipped_demo_fits(const Options& options) {
  return options.save.empty() && options.duration_ns == 0 && (options.fault.empty() || options.fault == kShippedFault);
}

Result<int> tell_shipped_demo(const Options& options, const Error& why_not) {
  const ShippedDemo demo = TRY(find_shipped_demo());
  report::Look look = look_of(options);
  TRY(print_stdout("not recorded here: " + printable(why_not.message) +
                   (why_not.fix.empty() ? "" : " (" + printable(why_not.fix) + ")") + "\n" +
                   "shipped recordings of the same demo instead, fault '" + std::string(kShippedFault) + "':\n" +
                   "before  " + printable(demo.before) + "\n\n"));
  TRY(print_stdout(TRY(why_of(demo, look)) + "\n"));
  TRY(print_stdout("fix     the index\nafter   " + printable(demo.after) + "\n\n"));
  TRY(print_stdout(TRY(diff_of(demo, look)) + "\n" + commands_on(demo)));
  return 0;
}

}  // namespace culprit::cli
