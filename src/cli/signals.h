// Ctrl-C, SIGTERM and SIGHUP, as flags that long work looks at. The only global state: a signal handler can reach nothing else.
#pragma once

#include <atomic>

#include "base/cancel.h"

namespace culprit::cli {

// From now on a first signal requests the token: work ends with an Error of kind Cancelled and cleans up. A second one ends the
// process at once.
void catch_signals();
// 0, or the number of the signal that requested the token.
int stop_signal();
const CancelToken& stop_token();

// While it lives, a first signal ends a recording instead, which is none the worse for it: what comes after goes on.
class EndsRecording {
 public:
  EndsRecording();
  ~EndsRecording();
  EndsRecording(const EndsRecording&) = delete;
  EndsRecording& operator=(const EndsRecording&) = delete;
};
// Whether a signal came, for a recording or for all.
const std::atomic<bool>& stop_requested();

}  // namespace culprit::cli
