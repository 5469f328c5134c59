// Processes: name, service and CPU time for each pid. A process is identified by (pid, start time): a reused pid gets a
// second row.
//
// Rows are written for processes in the scope, and for other processes only if a recorded request waited for them. The
// table has a limit. When it is full, ended processes are removed first, then those not used for the longest time. A
// row is kept until it is taken.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/host/host_view.h"
#include "model/record.h"

namespace culprit::capture {

// Returns the service name of a program: the name in its environment, its systemd unit, the script that its interpreter
// runs, or its own name. PostgreSQL's processes are "postgresql", whatever their titles.
std::string service_name(const ProcessFacts& facts);

class Processes {
 public:
  // The most processes in the table: those that live at the same time, and those that ended within seconds. Each takes
  // about a kilobyte.
  static constexpr size_t kMost = 65'536;
  explicit Processes(HostView& view, size_t most = kMost) : view_(view), most_(most) {}

  // An entry is read from /proc at first use; a process that has already ended has no name.
  struct Entry {
    Process row;
    bool known = false;       // identified by /proc or by an exec event
    bool dirty = true;        // changed since take_changed()
    bool in_scope = false;    // forked or executed by a recorded process
    bool blamed = false;      // a recorded request waited for it
    bool blamed_now = false;  // the same, since take_changed()
    int64_t throttled_before_ns = 0;
    uint32_t rounds_after_exit = 0;
    uint64_t used = 0;  // time of the last call of at()
    bool has_row() const { return row.recorded || in_scope || blamed; }
  };
  // The reference is valid until newer entries fill the table.
  Entry& at(int32_t pid);
  Entry* find(int32_t pid);

  void forked(int32_t pid, int32_t parent_pid, const char* name, int64_t wall_ns);
  void executed(int32_t pid, const char* name, const char* path);
  void exited(int32_t pid, int32_t code, int64_t wall_ns);
  // Marks a process that a recorded request waited for. It gets a row, in the scope or not.
  void blame(int32_t pid);
  // Sets how long the threads of process `pid` have run and have waited for a CPU so far, summed over their switches.
  void set_activity(int32_t pid, int64_t running_ns, int64_t runnable_ns);
  // Returns processes that have ended although no event reported it, as the event was lost. Checks the next `most`
  // processes.
  std::vector<int32_t> vanished(size_t most);

  // Reads the CPU times of all processes of the host at the start and at the end; used for processes that have a row
  // and
  // whose threads are not recorded.
  void begin_cpu_times();
  void end_cpu_times();
  int64_t busy_ns() { return view_.busy_ns(); }

  // Returns its current command line, in which a server's processes show their activity. It must never be stored.
  std::string title(int32_t pid);

  // Returns the rows that changed since the last call.
  std::vector<Process> take_changed(const std::string& host);
  uint64_t unseen() const { return unseen_; }
  size_t size() const { return entries_.size(); }
  size_t limit() const { return most_; }

 private:
  void make_room();

  HostView& view_;
  const size_t most_;
  uint64_t used_ = 0;
  std::unordered_map<int32_t, Entry> entries_;
  std::vector<Process> gone_;  // processes whose pid was reused, or that were removed from a full table
  std::unordered_map<int32_t, CpuTimes> begin_;
  std::vector<int32_t> unchecked_;  // processes not yet checked in the current round of vanished()
  uint64_t unseen_ = 0;
  // The most processes that are read again at a time. Each costs about 100 µs; with one call a second, this is a
  // five-hundredth of a CPU.
  static constexpr uint32_t kMostRechecked = 20;
  uint32_t rechecked_ = 0;
};

}  // namespace culprit::capture
