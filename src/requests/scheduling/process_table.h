// ProcessTable: what is known about each process: its program and service, its last statements, the CPU time of its
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "requests/input/stream.h"
#include "requests/input/thread.h"
#include "requests/scheduling/texts.h"

namespace culprit::requests {

// A statement that a server process ran. `end_ns` is INT64_MAX while the statement runs.
struct RanStatement {
  int64_t begin_ns = 0, end_ns = 0;
  TextId statement = TextId::None;
  bool ends_transaction = false;
  bool takes_locks = false;  // the statement may take locks: it writes, or it locks the rows that it reads
};

struct ProcessActivity {
  ProcessInfo info;
  bool recorded = false;  // events of at least one of its threads were recorded
  int64_t running_ns = 0, runnable_ns = 0;
  int64_t forked_ns = 0;            // 0: forked before the recording began
  int64_t exited_ns = 0;            // 0: the process is alive
  uint64_t used = 0;                // number of the last call of at() that returned this entry
  std::array<RanStatement, 8> ran;  // ring buffer: the last statements that the process finished
  uint32_t next_ran = 0;
  // Ring buffer: the last statements that may have taken locks. A long transaction pushes them out of `ran`.
  std::array<RanStatement, 4> locked;
  uint32_t next_locked = 0;
  EndpointId server_endpoint = EndpointId::None;  // the latest end on which the process answers requests
  // The statement that the process waits in, as the database reported it when it was last queried (wall clock).
  std::string asked_statement;
  int64_t asked_first_ns = 0, asked_last_ns = 0;

  void remember(const RanStatement& statement);
};

// The size is bounded by `most`: processes that have ended are removed first, then those without events for the longest
// time.
class ProcessTable {
 public:
  // The living processes, and those that ended within the last seconds. Each takes about 700 bytes.
  static constexpr size_t kMost = 65'536;
  explicit ProcessTable(HostFacts& host, size_t most = kMost) : host_(host), most_(most) {}

  // Returns the entry of a process. Reads the host's facts when the process is new. The reference is valid until the
  // entry is removed from a full table, and the entries used last are removed last.
  ProcessActivity& at(int32_t pid);
  ProcessActivity* find(int32_t pid);
  const ProcessActivity* find(int32_t pid) const;

  void forked(int32_t pid, int32_t parent_pid, int64_t time_ns);
  // The process called exec: it runs another program now.
  void executed(int32_t pid);
  void exited(int32_t pid, int64_t time_ns);
  // Returns the child of `parent` that ended last in [from_ns, to_ns] and was forked at `born_ns` or later; 0: none.
  int32_t child_that_ended(int32_t parent, int64_t born_ns, int64_t from_ns, int64_t to_ns) const;
  // Returns true if both processes run the same program and neither is the other's parent.
  bool siblings(int32_t a, int32_t b);
  // Returns the living processes of a service for which thread events were recorded.
  std::vector<int32_t> recorded(std::string_view service) const;
  // Removes the processes that ended before `before_ns`.
  void forget(int64_t before_ns);

  // Returns the number of processes that were removed for new ones since the last call.
  size_t take_evicted() { return std::exchange(evicted_, 0); }

  const std::unordered_map<int32_t, ProcessActivity>& all() const { return processes_; }
  size_t size() const { return processes_.size(); }
  size_t limit() const { return most_; }

 private:
  void make_room();

  HostFacts& host_;
  const size_t most_;
  uint64_t used_ = 0;
  size_t evicted_ = 0;
  std::unordered_map<int32_t, ProcessActivity> processes_;
  struct Ending {
    int32_t pid = 0, parent_pid = 0;
    int64_t forked_ns = 0, at_ns = 0;
  };
  std::array<Ending, 64> endings_;  // ring buffer: the last 64 process ends
  uint32_t next_ending_ = 0;
};

}  // namespace culprit::requests
