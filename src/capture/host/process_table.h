// Processes: who is behind a pid, what people call it, and how much CPU it got. Identity is (pid, start time): a reused
// pid becomes a second row.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/host/host_view.h"
#include "model/record.h"

namespace culprit::capture {

// What people call a program: what it says itself, its unit, the script that an interpreter runs, or its name. PostgreSQL's own processes are
// "postgresql", whatever their title.
std::string service_name(const ProcessFacts& facts);

// A statement that a server's process ran; end INT64_MAX: runs it now.
struct Ran {
  int64_t begin_ns = 0, end_ns = 0;
  uint32_t statement = 0;  // index into Texts
  bool ends_transaction = false;
  bool takes_locks = false;  // may: it writes, or locks what it reads
};

class Processes {
 public:
  explicit Processes(HostView& view) : view_(view) {}

  // Looked up in /proc the first time; one that is gone already has no name.
  struct Entry {
    Process row;
    bool known = false;     // /proc or an exec told who it is
    bool dirty = true;      // changed since take_changed()
    int64_t forked_ns = 0;  // monotonic; 0: before the recording
    int64_t throttled_before_ns = 0;
    std::array<Ran, 8> ran;  // the last statements that it answered, round
    uint32_t next_ran = 0;
    std::array<Ran, 4> locked;  // the last of them that may have taken locks: a long transaction goes on with others
    uint32_t next_locked = 0;
    uint32_t rounds_after_exit = 0;
    uint64_t server_connection = 0;  // the latest on which it answers
    // The statement that it waits with, as its database said when it was last asked (wall clock).
    std::string asked_statement;
    int64_t asked_first_ns = 0, asked_last_ns = 0;
  };
  Entry& at(int32_t pid);
  static void remember(Entry& entry, const Ran& ran);
  Entry* find(int32_t pid);

  void forked(int32_t pid, int32_t parent_pid, const char* name, int64_t mono_ns, int64_t wall_ns);
  void executed(int32_t pid, const char* name, const char* path);
  void exited(int32_t pid, int32_t code, int64_t mono_ns, int64_t wall_ns);
  // The child of `parent` that ended last in [from_ns, to_ns] and began at `born_ns` or later; 0: none.
  int32_t child_that_ended(int32_t parent, int64_t born_ns, int64_t from_ns, int64_t to_ns) const;
  // Both run the same program, and neither is the other's parent.
  bool siblings(int32_t a, int32_t b);

  // CPU times of everything on the host, at the begin and the end: for those whose threads are not watched.
  void begin_cpu_times();
  void end_cpu_times();
  int64_t busy_ns() { return view_.busy_ns(); }

  // Those whose threads were seen, of one service.
  std::vector<int32_t> recorded(std::string_view service) const;
  // Its command line now: a server's processes tell there what they do. Never to be stored.
  std::string title(int32_t pid);

  // Rows that changed since last asked.
  std::vector<Process> take_changed(const std::string& host);
  uint64_t unseen() const { return unseen_; }

 private:
  HostView& view_;
  std::unordered_map<int32_t, Entry> entries_;
  std::vector<Process> gone_;  // whose pid was taken over by another
  std::unordered_map<int32_t, CpuTimes> begin_;
  struct Ending {
    int32_t pid = 0, parent_pid = 0;
    int64_t forked_ns = 0, at_ns = 0;
  };
  std::array<Ending, 64> endings_;  // the last ones, round
  uint32_t next_ending_ = 0;
  uint64_t unseen_ = 0;
};

}  // namespace culprit::capture
