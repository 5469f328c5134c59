// SOURCE: a recording or store directory, a trace file (taken in on the fly), or - (a file on stdin).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "store/interface/reader.h"

namespace culprit::cli {

struct Source {
  std::string name;  // as the user gave it
  std::unique_ptr<Reader> reader;
  std::optional<Error> mostly_unread = {};  // less than half of a trace file could be read
};
Result<Source> open_source(const std::string& name);
// The same for verbs that draw conclusions: fails where less than half of a trace file could be read.
Result<Source> open_readable_source(const std::string& name);

// The one operand that a verb takes, or -s, or $CULPRIT_SOURCE; Usage where there is none or more than one.
Result<std::string> named_source(const Options& options, size_t operands_before_it);

}  // namespace culprit::cli
