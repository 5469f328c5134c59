// LockWaitPoller: asks the databases once a second for waiting and blocking sessions, on a thread of its own, during a
// recording.
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
  // Ends the thread after the current question, which has its own time limit.
  void stop();
  // Returns the answers since the last call.
  std::vector<LogRecord> take();
  // Returns how often a question failed.
  uint64_t failures();

 private:
  void run();

  DatabaseInspector& inquiry_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<LogRecord> answers_;  // guarded by mutex_, as are the members below
  uint64_t failures_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace culprit::capture
