// demo: a real PostgreSQL, a shop and a planted fault; recorded, found, fixed, proved.
//
//   own directory → PostgreSQL → tables → services → load, warm → plant → record → why → heal → record → diff → all gone
//
// Everything it starts ends with it: children get a signal when this process dies however it dies, and a janitor process,
// which outlives it, ends what is left and removes the directory. Must be called from the main thread: the kernel sends a
// child its parent-death signal when the thread that made it ends (prctl(2), PR_SET_PDEATHSIG).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace culprit::demo {

struct Options {
  std::string fault;                     // one of fault_names(); empty: one chosen at random
  int64_t duration_ns = 20'000'000'000;  // of each of the two recordings
  std::string save_directory;            // empty: only the two recordings are left, demo-N.culprit
  std::string programs_directory;        // the lab's programs; empty: the folder `lab` beside our own program
};

// What runs, for whoever records and asks.
struct Scene {
  std::vector<int>
      root_pids;  // services, PostgreSQL's postmaster, and the troublemaker where there is one; not the load
  int postmaster_pid = 0;
  std::string data_directory;  // PostgreSQL's
  std::string instance;        // "127.0.0.1:5433/shop"
};

// What `demo` needs from the rest of culprit. Each may fail: then demo cleans up and fails with the same error.
struct Hooks {
  // Records the processes and all they start for `duration_ns` into the directory `path`, with --ask.
  std::function<Result<void>(const Scene& scene, int64_t duration_ns, const std::string& path)> record;
  // Prints the answer for a person and returns it as JSON (culprit.why/1). The fault is still there: it may ask.
  std::function<Result<std::string>(const Scene& scene, const std::string& path)> why;
  // The same for two recordings (culprit.diff/1).
  std::function<Result<std::string>(const Scene& scene, const std::string& before, const std::string& after)> diff;
  // A line of progress for a person.
  std::function<void(const std::string& line)> say;
};

struct Outcome {
  std::string fault;
  std::string before, after;  // the recordings
  std::string truth;          // JSON (culprit.truth/1)
};

// Error{Denied} where a right is missing, Error{Unavailable} where PostgreSQL is; both with the fix. After SIGINT, SIGTERM
// or SIGHUP everything is taken down and the error says "interrupted"; interrupted_by() tells the signal.
Result<Outcome> run(const Options& options, const Hooks& hooks);

// "missing_index" … "none".
const std::vector<std::string_view>& fault_names();

// The signal that interrupted the last run(), or 0. Hooks that wait should look at it.
int interrupted_by();

}  // namespace culprit::demo
