#include "base/temporary.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace culprit {

void remove_tree(const std::string& path) {
  auto remove_one = [](const char* entry, const struct stat*, int, struct FTW*) { return std::remove(entry), 0; };
  nftw(path.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

Result<TemporaryDirectory> TemporaryDirectory::create(const std::string& prefix) {
  const char* parent = getenv("TMPDIR");
  std::string path = std::string(parent && *parent ? parent : "/var/tmp") + "/" + prefix + "-XXXXXX";
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
