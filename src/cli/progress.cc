#include "cli/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/text.h"

namespace culprit::cli {

namespace {

int64_t read_clock(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

}  // namespace

int64_t wall_ns() { return read_clock(CLOCK_REALTIME); }
int64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }

Progress::Progress(std::string what, Beat beat)
    : what_(std::move(what)), began_ns_(monotonic_ns()), terminal_(isatty(STDERR_FILENO)) {
  if (beat == Beat::Own) thread_ = std::thread([this] { this->beat(); });
}

Progress::~Progress() {
  if (thread_.joinable()) {
    {
      std::lock_guard hold(mutex_);
      over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  if (told_ns_ != 0 && terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::beat() {
  std::unique_lock hold(mutex_);
  while (!ended_.wait_for(hold, std::chrono::milliseconds(500), [this] { return over_; }))
    tell(format_duration(monotonic_ns() - began_ns_));
}

void Progress::tell(std::string_view how_far) {
  int64_t now = monotonic_ns();
  if (now - began_ns_ < 1'000'000'000) return;
  if (!terminal_) {  // one line is enough in a log file
    if (told_ns_ == 0) std::fprintf(stderr, "%s …\n", printable(what_).c_str());
    told_ns_ = now;
    return;
  }
  if (now - told_ns_ < 100'000'000) return;
  told_ns_ = now;
  std::fprintf(stderr, "\r\033[K%s: %s", printable(what_).c_str(), printable(how_far).c_str());
  std::fflush(stderr);
}

}  // namespace culprit::cli
