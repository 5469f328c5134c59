#include "capture/recorder/lock_wait_poller.h"

#include <chrono>
#include <utility>

namespace culprit::capture {

LockWaitPoller::LockWaitPoller(DatabaseInspector& inquiry) : inquiry_(inquiry), thread_([this] { run(); }) {}

LockWaitPoller::~LockWaitPoller() { stop(); }

void LockWaitPoller::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::vector<LogRecord> LockWaitPoller::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

uint64_t LockWaitPoller::failures() {
  std::lock_guard lock(mutex_);
  return failures_;
}

void LockWaitPoller::run() {
  // Limits the recorder's memory if a database has thousands of waiting sessions.
  constexpr size_t kMostKept = 10'000;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    auto waits = inquiry_.lock_waits();
    lock.lock();
    if (!waits.has_value())
      ++failures_;
    else
      for (const LockWait& wait : waits.value())
        if (answers_.size() < kMostKept) answers_.push_back(to_log(wait));
    wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_; });
  }
}

}  // namespace culprit::capture
