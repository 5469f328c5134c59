// One function for each verb (verbs.inc); it returns the exit status (0 answered, 1 a --fail-on condition was met, 4
// undecided with --fail-on).
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "report/render.h"

namespace culprit::cli {

#define VERB(name, operands, most, groups, formats, purpose, examples) Result<int> run_##name(const Options& options);
#define PLANNED(name)
#include "cli/verbs.inc"
#undef PLANNED
#undef VERB

// Prints to stdout, or to the file of -O. A closed pipe (`| head`) is no error.
Result<void> print(const Options& options, const std::string& text);
// Prints as JSON, as an HTML page, or as plain text.
Result<void> print_text(const Options& options, const std::string& text, const std::string& json);
// Returns width and colours for the output.
report::Look look_of(const Options& options);

}  // namespace culprit::cli
