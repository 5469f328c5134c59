// Progress: says on stderr what takes long, once it has taken a second; on a terminal it is one line, wiped at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace culprit::cli {

class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // How far it is: shown at most ten times a second.
  void tell(std::string_view how_far);

 private:
  std::string what_;
  int64_t began_ns_, told_ns_ = 0;
  bool terminal_;
};

// Wall and monotonic clocks, nanoseconds.
int64_t wall_ns();
int64_t monotonic_ns();

}  // namespace culprit::cli
