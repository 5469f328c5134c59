// Processes: who is behind a pid, what people call it, and how much CPU it got. Identity is (pid, start time): a reused
// pid becomes a second row.
#pragma once

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

class Processes {
 public:
  explicit Processes(HostView& view) : view_(view) {}

  // Looked up in /proc the first time; one that is gone already has no name.
  struct Entry {
    Process row;
    bool known = false;  // /proc or an exec told who it is
    bool dirty = true;   // changed since take_changed()
    int64_t throttled_before_ns = 0;
    uint32_t rounds_after_exit = 0;
  };
  Entry& at(int32_t pid);
  Entry* find(int32_t pid);

  void forked(int32_t pid, int32_t parent_pid, const char* name, int64_t wall_ns);
  void executed(int32_t pid, const char* name, const char* path);
  void exited(int32_t pid, int32_t code, int64_t wall_ns);
  // What its threads took so far, as their switches tell it.
  void set_activity(int32_t pid, int64_t running_ns, int64_t runnable_ns);
  // Those that are gone though no event told their end: it was lost. Looks at the next `most` of them.
  std::vector<int32_t> vanished(size_t most);

  // CPU times of everything on the host, at the begin and the end: for those whose threads are not watched.
  void begin_cpu_times();
  void end_cpu_times();
  int64_t busy_ns() { return view_.busy_ns(); }

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
  std::vector<int32_t> unchecked_;  // by vanished(), this time round
  uint64_t unseen_ = 0;
};

}  // namespace culprit::capture
