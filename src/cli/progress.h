// Progress: prints to stderr what takes more than a second; on a terminal it is one line, which is erased at the end.
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
  // Told: the work calls tell(). Own: a thread of Progress shows that the work continues, for work that cannot call
  // tell(). Not to be used while rights are dropped, as rights belong to a thread.
  enum class Beat { Told, Own };
  explicit Progress(std::string what, Beat beat = Beat::Told);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Sets the progress; it is shown at most ten times a second.
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

// Wall clock and monotonic clock, in nanoseconds.
int64_t wall_ns();
int64_t monotonic_ns();

}  // namespace culprit::cli
