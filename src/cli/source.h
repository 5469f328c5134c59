// SOURCE: a directory of a recording or a store, a trace file (imported temporarily), or - (a file on stdin).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "store/interface/reader.h"

namespace culprit::cli {

struct Source {
  std::string name;  // as the user typed it
  std::unique_ptr<Reader> reader;
  std::optional<Error> mostly_unread = {};  // set if less than half of a trace file could be read
};
Result<Source> open_source(const std::string& name);
// The same for verbs that draw conclusions: fails if less than half of a trace file could be read.
Result<Source> open_readable_source(const std::string& name);

// Returns the verb's source operand, or -s, or $CULPRIT_SOURCE; a Usage error if there is none or more than one.
Result<std::string> named_source(const Options& options, size_t operands_before_it);

}  // namespace culprit::cli
