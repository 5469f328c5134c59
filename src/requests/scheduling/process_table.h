// ProcessTable: what requests know of processes: who is behind a pid, what it ran last, how much CPU its threads got.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "requests/input/stream.h"
#include "requests/input/thread.h"
#include "requests/scheduling/texts.h"

namespace culprit::requests {

// A statement that a server's process ran; end INT64_MAX: runs it now.
struct RanStatement {
  int64_t begin_ns = 0, end_ns = 0;
  TextId statement = TextId::None;
  bool ends_transaction = false;
  bool takes_locks = false;  // may: it writes, or locks what it reads
};

struct ProcessActivity {
  ProcessInfo info;
  bool recorded = false;  // a thread of it was seen
  int64_t running_ns = 0, runnable_ns = 0;
  int64_t forked_ns = 0;            // 0: before the recording
  int64_t exited_ns = 0;            // 0: it lives
  std::array<RanStatement, 8> ran;  // the last statements that it answered, round
  uint32_t next_ran = 0;
  std::array<RanStatement, 4>
      locked;  // the last of them that may have taken locks: a long transaction goes on with others
  uint32_t next_locked = 0;
  EndpointId server_endpoint = EndpointId::None;  // the latest on which it answers
  // The statement that it waits with, as its database said when it was last asked (wall clock).
  std::string asked_statement;
  int64_t asked_first_ns = 0, asked_last_ns = 0;

  void remember(const RanStatement& statement);
};

class ProcessTable {
 public:
  explicit ProcessTable(HostFacts& host) : host_(host) {}

  // Asks the host the first time.
  ProcessActivity& at(int32_t pid);
  ProcessActivity* find(int32_t pid);
  const ProcessActivity* find(int32_t pid) const;

  void forked(int32_t pid, int32_t parent_pid, int64_t time_ns);
  // It runs another program.
  void executed(int32_t pid);
  void exited(int32_t pid, int64_t time_ns);
  // The child of `parent` that ended last in [from_ns, to_ns] and began at `born_ns` or later; 0: none.
  int32_t child_that_ended(int32_t parent, int64_t born_ns, int64_t from_ns, int64_t to_ns) const;
  // Both run the same program, and neither is the other's parent.
  bool siblings(int32_t a, int32_t b);
  // Those alive whose threads were seen, of one service.
  std::vector<int32_t> recorded(std::string_view service) const;
  // Forgets those that ended before.
  void forget(int64_t before_ns);

  const std::unordered_map<int32_t, ProcessActivity>& all() const { return processes_; }

 private:
  HostFacts& host_;
  std::unordered_map<int32_t, ProcessActivity> processes_;
  struct Ending {
    int32_t pid = 0, parent_pid = 0;
    int64_t forked_ns = 0, at_ns = 0;
  };
  std::array<Ending, 64> endings_;  // the last ones, round
  uint32_t next_ending_ = 0;
};

}  // namespace culprit::requests
