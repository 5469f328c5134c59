// Ctrl-C and SIGTERM, as a flag that long work looks at. The only global state: a signal handler can reach nothing else.
#pragma once

#include <atomic>

#include "base/cancel.h"

namespace culprit::cli {

// From now on SIGINT and SIGTERM set the flags; a second one ends the process at once.
void catch_signals();
// 0, or the number of the signal that came.
int stop_signal();
// The same request for work that takes a token.
const CancelToken& stop_token();
// Whether one came.
const std::atomic<bool>& stop_requested();

}  // namespace culprit::cli
