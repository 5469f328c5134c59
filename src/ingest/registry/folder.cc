#include "ingest/registry/folder.h"

#include <algorithm>
#include <filesystem>

namespace culprit {

namespace {

namespace fs = std::filesystem;

Error cannot_list(const std::string& path, const std::error_code& error) {
  Error::Kind kind = error == std::errc::permission_denied ? Error::Kind::Denied : Error::Kind::NotFound;
  return Error{kind, "cannot list '" + path + "': " + error.message()};
}

}  // namespace

Result<std::vector<std::string>> files_below(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  fs::recursive_directory_iterator entry(folder, error), end;
  if (error) return cannot_list(folder, error);
  while (entry != end) {
    bool hidden = entry->path().filename().string().starts_with('.');
    std::error_code ignored;  // a file that was removed meanwhile is left out
    if (hidden && entry->is_directory(ignored)) entry.disable_recursion_pending();
    if (!hidden && entry->is_regular_file(ignored)) files.push_back(entry->path().string());
    std::string at = entry->path().string();
    entry.increment(error);
    if (error) return cannot_list(at, error);
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace culprit
