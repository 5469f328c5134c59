#ifdef CULPRIT_MIMALLOC
#include <mimalloc.h>
#endif

#include <unistd.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "cli/parse.h"
#include "cli/print.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "cli/verb_table.h"

namespace culprit::cli {

namespace {

int exit_status(Error::Kind kind) {
  if (kind == Error::Kind::Usage) return 2;
  return kind == Error::Kind::Denied ? 5 : 3;
}

// Returns the same command by sudo; empty if it runs as root.
std::string as_root(const std::vector<std::string>& words) {
  if (geteuid() == 0) return {};
  std::string command = "sudo culprit";
  for (const std::string& word : words) command += " " + shell_quoted(word);
  return command;
}

int fail(Error error, const std::vector<std::string>& words) {
  if (error.kind == Error::Kind::Denied && error.fix.empty()) error.fix = as_root(words);
  tell_error(error);
  return exit_status(error.kind);
}

// Adds the place of a setting to an error of its value; an option on the command line has none.
Error of_setting(Error error, const Options& options, std::string_view name) {
  auto found = options.origins.find(name);
  if (found != options.origins.end() && !options.typed(name))
    error.message = found->second.place + ": " + error.message;
  return error;
}

// Prints a text or the settings, or runs the verb.
Result<int> run(Parsed& parsed) {
  Options& options = parsed.options;
  if (parsed.text) {
    TRY(print_stdout(*parsed.text));
    return 0;
  }
  Settings settings = TRY(load_settings(settings_places()));
  if (!options.verb.empty()) TRY(apply_settings(options, settings));
  auto zone_set = set_time_zone(options.tz.empty() ? "UTC" : options.tz);
  if (!zone_set.has_value()) return of_setting(zone_set.error(), options, "tz");
  if (!parsed.print_config) return find_verb(options.verb)->run(options);
  TRY(print_stdout(options.format == "json" ? config_json(options, settings) : config_text(options, settings)));
  return 0;
}

int main(const std::vector<std::string>& words) {
  catch_signals();
  auto parsed = parse(words);
  if (!parsed.has_value()) return fail(parsed.error(), words);
  auto status = run(parsed.value());
  if (int signal = stop_signal(); signal != 0) return 128 + signal;
  return status.has_value() ? status.value() : fail(status.error(), words);
}

}  // namespace

}  // namespace culprit::cli

int main(int argc, char** argv) {
#ifdef CULPRIT_MIMALLOC
  // The next batch needs the memory that this one freed: returning it to the kernel at once costs a recorder a seventh
  // of its CPU.
  mi_option_set(mi_option_decommit_delay, 5'000);
#endif
  return culprit::cli::main({argv + 1, argv + argc});
}
