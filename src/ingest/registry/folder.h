// The files of an imported folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace culprit {

// Returns the files in and below `folder`, sorted by path, so that every import has the same order: regular files, and paths
// that may hide some (links to nothing, folders that may not be listed). Names that begin with a dot are left out (.git,
// .DS_Store); links to folders are not followed; pipes, sockets and devices are left out.
Result<std::vector<std::string>> files_below(const std::string& folder);

bool is_folder(const std::string& path);

}  // namespace culprit
