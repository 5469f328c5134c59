#include "base/check.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace culprit {

void check_failed(const char* expression, const char* why, const char* file, int line) {
  std::fprintf(stderr, "culprit: bug: %s:%d: CHECK(%s): %s\n", file, line, expression, why);
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  std::abort();
}

}  // namespace culprit
