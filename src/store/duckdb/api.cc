#include "store/duckdb/api.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace culprit {

namespace {

std::vector<std::string> candidates() {
  std::vector<std::string> paths;
  if (const char* chosen = secure_getenv("CULPRIT_DUCKDB")) paths.push_back(chosen);
  char program[4096];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program);
  std::string directory(program, length > 0 ? static_cast<size_t>(length) : 0);
  directory = directory.substr(0, directory.rfind('/'));
  paths.push_back(directory + "/libduckdb.so");
  paths.push_back(directory + "/../lib/culprit/libduckdb.so");
  paths.push_back(CULPRIT_DUCKDB_DIR "/libduckdb.so");
  paths.push_back("libduckdb.so");
  return paths;
}

Result<DuckdbApi> load() {
  void* library = nullptr;
  for (const std::string& path : candidates())
    if (library == nullptr) library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return Error{Error::Kind::Unavailable, "cannot load libduckdb.so, which is needed to query a store",
                 "put it beside the program, or name it in CULPRIT_DUCKDB"};
  DuckdbApi api;
#define X(name)                                                                             \
  api.name = reinterpret_cast<decltype(&::duckdb_##name)>(dlsym(library, "duckdb_" #name)); \
  if (api.name == nullptr)                                                                  \
    return Error{Error::Kind::Unavailable, "libduckdb.so has no duckdb_" #name, "use a version from 1.4 to 2.0"};
  CULPRIT_DUCKDB_FUNCTIONS(X)
#undef X
  return api;
}

}  // namespace

Result<const DuckdbApi*> duckdb_api() {
  static const Result<DuckdbApi> kApi = load();
  if (!kApi.has_value()) return kApi.error();
  return &kApi.value();
}

}  // namespace culprit
