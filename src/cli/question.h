// Builds the question from the options: window, focus, and the inspector of databases.
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

// Returns null without --ask. Error{Usage} for --ask-passfile without a DSN.
Result<std::unique_ptr<DatabaseInspector>> inspector_of(const Options& options);

}  // namespace culprit::cli
