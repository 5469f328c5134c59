// Ctrl-C, SIGTERM and SIGHUP as flags that long work checks. This is the only global state: a signal handler can use
// nothing else.
#pragma once

#include <atomic>

#include "base/cancel.h"

namespace culprit::cli {

// From now on a first signal requests the token: work ends with an Error of kind Cancelled and cleans up. A second
// signal ends the process at once.
void catch_signals();
// Returns 0, or the number of the signal that requested the token.
int stop_signal();
const CancelToken& stop_token();

// While it exists, a first signal ends the recording only; the recording is complete, and the work after it continues.
class EndsRecording {
 public:
  EndsRecording();
  ~EndsRecording();
  EndsRecording(const EndsRecording&) = delete;
  EndsRecording& operator=(const EndsRecording&) = delete;
};
// Whether a signal came, for a recording or for all work.
const std::atomic<bool>& stop_requested();

}  // namespace culprit::cli
