#include "cli/source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "ingest/registry/import.h"
#include "store/interface/open.h"

namespace culprit::cli {

namespace {

Result<Source> take_in(const std::string& name) {
  auto store = TRY(open_private_store({.cancel = &stop_token()}));
  Progress progress("reading " + (name == "-" ? "stdin" : name));
  ImportOptions options;
  options.cancel = &stop_token();
  options.progress = [&](const ImportSummary& so_far) {
    progress.tell(format_bytes(static_cast<uint64_t>(so_far.bytes_read)));
  };
  auto unread = mostly_unread(TRY(import_file(name, *store, options)), name);
  return Source{name, TRY(store->read()), std::move(unread)};
}

}  // namespace

Result<Source> open_source(const std::string& name) {
  if (name == "-") return take_in(name);
  if (name.starts_with("http://") || name.starts_with("https://") || name.starts_with("unix:"))
    return Error{Error::Kind::Unavailable,
                 "cannot read from '" + name + "': this version reads recordings and files only",
                 "copy the recording here and give its path"};
  struct stat status = {};
  if (stat(name.c_str(), &status) != 0 || access(name.c_str(), R_OK) != 0) {
    Error error{Error::Kind::NotFound, "cannot open '" + name + "': " + std::strerror(errno)};
    if (errno == EACCES)
      error.kind = Error::Kind::Denied;
    else
      error.fix = "record one: sudo culprit record -a --for 15s -o slow.culprit";
    return error;
  }
  if (!S_ISDIR(status.st_mode)) return take_in(name);
  Progress progress("reading " + name, Progress::Beat::Own);
  return Source{name, TRY(open_reader(name, {.cancel = &stop_token()})), {}};
}

Result<Source> open_readable_source(const std::string& name) {
  Source source = TRY(open_source(name));
  if (source.mostly_unread) return *source.mostly_unread;
  return source;
}

Result<std::string> named_source(const Options& options, size_t operands_before_it) {
  if (options.operands.size() > operands_before_it + 1)
    return Error{Error::Kind::Usage, "too many operands: '" + options.operands[operands_before_it + 1] + "'",
                 "culprit " + options.verb + " --help"};
  if (options.operands.size() == operands_before_it + 1) return options.operands.back();
  if (!options.source.empty()) return options.source;
  std::string command = "culprit " + options.verb;
  for (const std::string& operand : options.operands) command += " " + shell_quoted(operand);
  return Error{Error::Kind::Usage, "no source given",
               "name a recording or a trace file: " + command + " -s slow.culprit"};
}

}  // namespace culprit::cli
