// One function a verb; each returns the exit status (contract: 0 answered, 1 --fail-on met, 4 undecided with --fail-on).
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "report/render.h"

namespace culprit::cli {

Result<int> run_why(const Options& options);
Result<int> run_record(const Options& options);
Result<int> run_diff(const Options& options);
Result<int> run_show(const Options& options);
Result<int> run_sql(const Options& options);
Result<int> run_quality(const Options& options);
Result<int> run_import(const Options& options);
Result<int> run_demo(const Options& options);
Result<int> run_version(const Options& options);

// To stdout, or to the file of -O.
Result<void> print(const Options& options, const std::string& text);
// Width and colour of where the answer goes.
report::Look look_of(const Options& options);

}  // namespace culprit::cli
