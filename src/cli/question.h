// Builds the question from the options: window, focus, and whether to ask the database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/answer/why.h"
#include "base/result.h"
#include "cli/options.h"
#include "model/database_inspector.h"

namespace culprit::cli {

Result<analysis::Question> question_of(const Options& options);

// Returns null without --ask. `data_directories`: only these servers; empty: all of this machine, or the DSN's.
Result<std::unique_ptr<DatabaseInspector>> inquiry_of(const Options& options,
                                                      const std::vector<std::string>& data_directories);

}  // namespace culprit::cli
