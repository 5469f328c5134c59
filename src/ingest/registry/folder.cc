#include "ingest/registry/folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace culprit {

namespace {

namespace fs = std::filesystem;

Error cannot_list(const std::string& path, const std::error_code& error) {
  Error::Kind kind = error == std::errc::permission_denied ? Error::Kind::Denied : Error::Kind::NotFound;
  return Error{kind, "cannot list '" + path + "': " + error.message()};
}

bool may_be_traces(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (entry.is_regular_file(ignored)) return true;
  bool leads_nowhere = entry.is_symlink(ignored) && !entry.exists(ignored);
  bool closed =
      entry.is_directory(ignored) && !entry.is_symlink(ignored) && ::access(entry.path().c_str(), R_OK | X_OK) != 0;
  return leads_nowhere || closed;
}

}  // namespace

Result<std::vector<std::string>> files_below(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
  if (!error && ::access(folder.c_str(), R_OK | X_OK) != 0) error.assign(errno, std::generic_category());
  if (error) return cannot_list(folder, error);
  while (entry != end) {
    bool hidden = entry->path().filename().string().starts_with('.');
    std::error_code ignored;  // a file that was removed meanwhile is left out
    if (hidden && entry->is_directory(ignored)) entry.disable_recursion_pending();
    std::string at = entry->path().string();
    if (!hidden && may_be_traces(*entry)) files.push_back(at);
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
