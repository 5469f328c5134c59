#include "base/tree.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace culprit {

void remove_tree(const std::string& path) {
  auto remove_one = [](const char* entry, const struct stat*, int, struct FTW*) { return std::remove(entry), 0; };
  nftw(path.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

uint64_t tree_bytes(const std::string& path) {
  std::error_code failed;
  uint64_t bytes = 0;
  for (auto entry = std::filesystem::recursive_directory_iterator(path, failed); entry != std::filesystem::end(entry);
       entry.increment(failed)) {
    if (failed) break;
    std::error_code unreadable;
    if (entry->is_regular_file(unreadable)) bytes += entry->file_size(unreadable);
  }
  return bytes;
}

Result<TemporaryDirectory> TemporaryDirectory::create(const std::string& prefix) {
  const char* parent = getenv("TMPDIR");
  return create_in(parent && *parent ? parent : "/var/tmp", prefix);
}

Result<TemporaryDirectory> TemporaryDirectory::create_in(const std::string& parent, const std::string& prefix) {
  std::string path = parent + "/" + prefix + "-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return Error{Error::Kind::Unavailable, "cannot make a temporary directory '" + path + "': " + std::strerror(errno),
                 "set TMPDIR to a directory that you may write to"};
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) remove_tree(path_);
}

}  // namespace culprit
