// The files of a folder that is imported.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace culprit {

// Regular files in and below `folder`, by path, so that an import is the same every time. Names that begin with a dot are left
// out (.git, .DS_Store), links to folders are not followed.
Result<std::vector<std::string>> files_below(const std::string& folder);

bool is_folder(const std::string& path);

}  // namespace culprit
