// LockWaitPoller: asks the databases once a second who waits for whom, on a thread of its own, while a recording runs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "model/database_inspector.h"
#include "model/record.h"

namespace culprit::capture {

class LockWaitPoller {
 public:
  explicit LockWaitPoller(DatabaseInspector& inquiry);
  ~LockWaitPoller();
  // Ends the thread, after the question under way (which has its own time limit).
  void stop();
  // What was answered since the last call.
  std::vector<LogRecord> take();
  // How often a question failed.
  uint64_t failures();

 private:
  void run();

  DatabaseInspector& inquiry_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<LogRecord> answers_;  // under mutex_, as what follows
  uint64_t failures_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace culprit::capture
