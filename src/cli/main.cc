#ifdef CULPRIT_MIMALLOC
#include <mimalloc.h>
#endif

#include <cstdio>
#include <utility>

#include "base/text.h"
#include "cli/command.h"
#include "cli/signals.h"

namespace culprit::cli {

namespace {

int exit_status(Error::Kind kind) {
  if (kind == Error::Kind::Usage) return 2;
  return kind == Error::Kind::Denied ? 5 : 3;
}

int fail(const Error& error) {
  std::fprintf(stderr, "culprit: %s\n", printable(error.message).c_str());
  if (!error.fix.empty()) std::fprintf(stderr, "  → %s\n", printable(error.fix).c_str());
  return exit_status(error.kind);
}

Result<int> run(const Options& options) {
  static constexpr std::pair<std::string_view, Result<int> (*)(const Options&)> kCommands[] = {
      {"why", run_why},         {"record", run_record}, {"diff", run_diff}, {"show", run_show},      {"sql", run_sql},
      {"quality", run_quality}, {"import", run_import}, {"demo", run_demo}, {"version", run_version}};
  for (auto& [name, command] : kCommands)
    if (options.verb == name) return command(options);
  return Error{Error::Kind::Usage, "unknown verb '" + options.verb + "'", "culprit --help"};
}

int main(int argc, char** argv) {
  auto parsed = parse(argc, argv);
  if (!parsed.has_value()) return fail(parsed.error());
  if (parsed.value().text) {
    std::fputs(parsed.value().text->c_str(), stdout);
    return 0;
  }
  catch_signals();
  auto status = run(parsed.value().options);
  // A recording, also that of a bare `why`, is ended by Ctrl-C, and is none the worse for it.
  bool ended = parsed.value().options.verb == "record" || parsed.value().options.verb == "why" ||
               parsed.value().options.verb == "demo";
  if (int signal = stop_signal(); signal != 0 && !ended) return 128 + signal;
  return status.has_value() ? status.value() : fail(status.error());
}

}  // namespace

}  // namespace culprit::cli

int main(int argc, char** argv) {
#ifdef CULPRIT_MIMALLOC
  // The next batch asks for what this one freed: to give it back to the kernel at once costs a recorder a seventh of its CPU.
  mi_option_set(mi_option_decommit_delay, 5'000);
#endif
  return culprit::cli::main(argc, argv);
}
