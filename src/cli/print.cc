#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/command.h"

namespace culprit::cli {

Result<void> print(const Options& options, const std::string& text) {
  FILE* file = options.output.empty() ? stdout : std::fopen(options.output.c_str(), "w");
  bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  int failure = errno;
  if (file != nullptr && file != stdout) written = std::fclose(file) == 0 && written;
  if (written) return {};
  std::string where = options.output.empty() ? "stdout" : "'" + options.output + "'";
  return Error{Error::Kind::Unavailable, "cannot write to " + where + ": " + std::strerror(failure)};
}

report::Look look_of(const Options& options) {
  report::Look look;
  bool terminal = options.output.empty() && isatty(STDOUT_FILENO);
  winsize size = {};
  const char* columns = std::getenv("COLUMNS");
  if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    look.width = size.ws_col;
  else if (columns != nullptr && std::atoi(columns) > 0)
    look.width = std::atoi(columns);
  const char* no_color = std::getenv("NO_COLOR");
  bool refused = no_color != nullptr && *no_color != '\0';
  look.color = options.color == "always" || (options.color == "auto" && terminal && !refused);
  return look;
}

}  // namespace culprit::cli
