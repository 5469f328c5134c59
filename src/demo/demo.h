// demo: a real PostgreSQL, a shop and a planted fault; the fault is recorded, found and fixed, and the fix is checked.
//
//   own directory → PostgreSQL → tables → services → load, warm → plant → record → why → heal → record → diff → all
// gone
//
// All processes that the demo starts end with it. Children receive a signal when this process ends, however it ends. A
// janitor process, which outlives it, ends remaining processes and removes the directory. Must be called from the main
// thread: the kernel sends a child its parent-death signal when the thread that created it ends (prctl(2),
// PR_SET_PDEATHSIG).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace culprit::demo {

struct Options {
  std::string fault;                     // one of fault_names(); empty: a random one
  int64_t duration_ns = 20'000'000'000;  // duration of each of the two recordings
  std::string save_directory;            // empty: only the two recordings are kept, as demo-N.culprit
  std::string programs_directory;        // folder of the lab's programs; empty: `lab` beside the culprit program
};

// The running processes, for the hooks that record and ask.
struct Scene {
  // services, PostgreSQL's postmaster, and the fault's process if there is one; not the load
  std::vector<int> root_pids;
  int postmaster_pid = 0;
  std::string data_directory;  // of PostgreSQL
  std::string instance;        // "127.0.0.1:5433/shop"
};

// The functions that `demo` needs from the other modules. If one fails, demo cleans up and fails with the same error.
struct Hooks {
  // Records the processes and their children for `duration_ns` into the directory `path`, with --ask.
  std::function<Result<void>(const Scene& scene, int64_t duration_ns, const std::string& path)> record;
  // Prints the answer and returns it as JSON (culprit.why/1). The fault is still present, so the database can be asked.
  std::function<Result<std::string>(const Scene& scene, const std::string& path)> why;
  // The same for two recordings (culprit.diff/1).
  std::function<Result<std::string>(const Scene& scene, const std::string& before, const std::string& after)> diff;
  // Prints a line of progress.
  std::function<void(const std::string& line)> say;
};

struct Outcome {
  std::string fault;
  std::string before, after;  // the recordings
  std::string truth;          // JSON (culprit.truth/1)
};

// Errors: Denied if a right is missing, Unavailable if PostgreSQL is missing; both with the fix. After SIGINT, SIGTERM
// or SIGHUP everything is stopped, and the error is "interrupted"; interrupted_by() returns the signal.
Result<Outcome> run(const Options& options, const Hooks& hooks);

// Returns whether demo could run here, without checking the kernel: root, PostgreSQL, the lab's programs. Starts
// nothing.
Result<void> check_place();

// "missing_index" … "none".
const std::vector<std::string_view>& fault_names();

// Returns the signal that interrupted the last run(), or 0. Hooks that wait should check it.
int interrupted_by();

}  // namespace culprit::demo
