#include "cli/print.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/command.h"

namespace culprit::cli {

namespace {

// Returns the text in a form that is safe for the output: control characters matter on a terminal only; a file or a
// pipe gets the exact bytes.
std::string safe_for(FILE* file, const Options& options, const std::string& text) {
  if (file == nullptr || !isatty(fileno(file))) return text;
  if (options.format == "json" || options.format == "ndjson") return report::terminal_safe_json(text);
  // Text is made safe when it is built, and may contain colours that culprit added.
  return options.format == "text" ? text : report::terminal_safe(text);
}

// Returns an error if the output file is a source of the answer, or lies in a source that is a store: writing it would
// destroy what was asked about.
Result<void> check_output(const Options& options) {
  std::vector<std::string> sources = options.operands;
  sources.push_back(options.source);
  sources.push_back(options.directory);
  struct stat output, source;
  if (stat(options.output.c_str(), &output) != 0) return {};
  const std::string folder = options.output.substr(0, options.output.rfind('/') + 1) + ".";
  for (const std::string& name : sources) {
    if (name.empty() || stat(name.c_str(), &source) != 0) continue;
    bool same = output.st_dev == source.st_dev && output.st_ino == source.st_ino;
    // A store has its files at most one level below its directory.
    for (const std::string& above : {folder, folder + "/.."}) {
      struct stat directory;
      same = same || (S_ISDIR(source.st_mode) && stat(above.c_str(), &directory) == 0 &&
                      directory.st_dev == source.st_dev && directory.st_ino == source.st_ino &&
                      S_ISREG(output.st_mode) && stat((name + "/segments").c_str(), &directory) == 0);
    }
    if (same)
      return Error{Error::Kind::Usage, "--output '" + options.output + "' would overwrite the source '" + name + "'",
                   "name another file"};
  }
  return {};
}

Result<void> write_to(FILE* file, const std::string& where, const std::string& text) {
  bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  int failure = errno;
  if (file != nullptr && file != stdout && std::fclose(file) != 0) {
    if (written) failure = errno;
    written = false;
  }
  if (written || failure == EPIPE) return {};
  Error::Kind kind = failure == EACCES || failure == EPERM ? Error::Kind::Denied : Error::Kind::Unavailable;
  return Error{kind, "cannot write to " + where + ": " + std::strerror(failure)};
}

}  // namespace

int terminal_width() {
  winsize size = {};
  const char* columns = std::getenv("COLUMNS");
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (columns != nullptr && std::atoi(columns) > 0) return std::atoi(columns);
  return report::Look().width;
}

Result<void> print_stdout(const std::string& text) { return write_to(stdout, "stdout", text); }

void tell_error(const Error& error) {
  std::fprintf(stderr, "culprit: %s\n", printable(error.message).c_str());
  if (!error.fix.empty()) std::fprintf(stderr, "  → %s\n", printable(error.fix).c_str());
}

Result<void> print(const Options& options, const std::string& text) {
  if (options.output.empty() || options.output == "-")
    return write_to(stdout, "stdout", safe_for(stdout, options, text));
  TRY(check_output(options));
  FILE* file = std::fopen(options.output.c_str(), "we");
  return write_to(file, "'" + options.output + "'", safe_for(file, options, text));
}

Result<void> print_text(const Options& options, const std::string& text, const std::string& json) {
  if (options.format == "json") return print(options, json);
  return print(options, options.format == "html" ? report::html_page("culprit " + options.verb, text) : text);
}

report::Look look_of(const Options& options) {
  report::Look look;
  look.width = terminal_width();
  const char* no_color = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  bool refused = (no_color != nullptr && *no_color != '\0') || (kind != nullptr && std::string_view(kind) == "dumb");
  bool terminal = (options.output.empty() || options.output == "-") && isatty(STDOUT_FILENO);
  look.terminal = terminal;
  look.zone = options.tz.empty() || options.tz == "UTC" || options.tz == "Z" ? Zone::Utc : Zone::Local;
  look.window = options.from_ns || options.to_ns || options.typed("tz");
  if (options.format != "text") {  // a page or a document, independent of the terminal
    look.width = report::Look().width;
    return look;
  }
  look.color = options.color == "always" || (options.color == "auto" && terminal && !refused);
  return look;
}

}  // namespace culprit::cli
