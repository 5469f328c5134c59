// Ctrl-C and SIGTERM, as a flag that long work looks at. The only global state: a signal handler can reach nothing else.
#pragma once

#include <atomic>

namespace culprit::cli {

// From now on SIGINT and SIGTERM set the flag; a second one ends the process at once.
void catch_signals();
// 0, or the number of the signal that came.
const std::atomic<int>& stop_signal();

}  // namespace culprit::cli
