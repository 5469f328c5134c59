// Progress: says on stderr what takes long, once it has taken a second; on a terminal it is one line, wiped at the end.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace culprit::cli {

class Progress {
 public:
  // Told: tell() is called by what takes long. Own: a thread says that it goes on, for work that tells nothing. Not while
  // rights are dropped: those are a thread's own.
  enum class Beat { Told, Own };
  explicit Progress(std::string what, Beat beat = Beat::Told);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // How far it is: shown at most ten times a second.
  void tell(std::string_view how_far);

 private:
  void beat();

  std::string what_;
  int64_t began_ns_, told_ns_ = 0;
  bool terminal_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

// Wall and monotonic clocks, nanoseconds.
int64_t wall_ns();
int64_t monotonic_ns();

}  // namespace culprit::cli
