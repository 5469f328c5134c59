// One function a verb (verbs.inc); each returns the exit status (contract: 0 answered, 1 --fail-on met, 4 undecided with --fail-on).
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

// To stdout, or to the file of -O. A reader that went away (`| head`) is no failure.
Result<void> print(const Options& options, const std::string& text);
// As JSON, as a page, or as it is.
Result<void> print_text(const Options& options, const std::string& text, const std::string& json);
// Width and colour of where the answer goes.
report::Look look_of(const Options& options);

}  // namespace culprit::cli
