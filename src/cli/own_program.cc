#include "cli/own_program.h"

#include <unistd.h>

namespace culprit::cli {

std::string own_program() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return std::string(path, length > 0 ? static_cast<size_t>(length) : 0);
}

std::string own_directory() {
  const std::string program = own_program();
  return program.substr(0, program.rfind('/'));
}

}  // namespace culprit::cli
