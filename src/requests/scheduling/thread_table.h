// ThreadTable: the state of every recorded thread, from its switches, and what it waited for.
//
// What a blocked stretch means depends on what the thread was doing: the request tracker keeps `in_service` (requests that it
// received and has not answered) and `pending_calls` (requests that it sent and that are not answered) up to date, in the
// order of the events, so that at each switch both are what they were while it slept.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/span.h"
#include "requests/input/node_id.h"
#include "requests/input/thread.h"
#include "requests/scheduling/process_table.h"
#include "requests/scheduling/timeline.h"

namespace culprit::requests {

// A request that a thread works on.
struct InService {
  NodeId request = NodeId::None;
  int64_t since_ns = 0;
  LinkHow how = LinkHow::SameThread;  // WakeUp: handed over by another thread
};

struct Thread {
  int32_t pid = 0, tid = 0;
  Timeline timeline;
  std::vector<InService> in_service;
  NodeId current = NodeId::None;  // the request whose bytes, or whose call's answer, came last; None: not known
  // Requests whose bytes came since it last waited for several, and that have sent nothing since.
  std::vector<NodeId> runnable;
  // Whose answer it received last, where it is not known for which request that call was made.
  NodeId call_begun_before = NodeId::None;
  int32_t pending_calls = 0;
  int32_t pending_remote_calls = 0;  // of these, to machines that are not recorded
  int64_t on_ns = 0;                 // on a CPU since; 0: not known
  int64_t last_event_ns = 0;
  int64_t exited_ns = 0;
};

// What the processes of servers run now; asked for long waits only.
class CurrentStatements {
 public:
  virtual ~CurrentStatements() = default;
  virtual RanStatement current_statement(const ProcessActivity& process) = 0;
};

class ThreadTable {
 public:
  explicit ThreadTable(ProcessTable& processes) : processes_(processes) {}

  Thread& at(int32_t tid, int32_t pid);
  Thread* find(int32_t tid);

  void on_switch(const ThreadSwitch& event, CurrentStatements& statements);
  void on_file_sync(const FileSync& sync);
  // Bytes arrived: an interrupt that ended this thread's last wait was the network's.
  void on_bytes(Thread& thread);
  void on_exit(int32_t tid, int64_t time_ns);
  // It turns out that all the time since `since_ns` the thread served a request, or (`calling`) waited for an answer,
  // whose beginning nobody saw: it was not idle.
  void was_busy(Thread& thread, int64_t since_ns, bool calling, CurrentStatements& statements);
  // A thread that is still off its CPU when the recording ends.
  struct Asleep {
    bool lock_like = false;  // a request waits for something that gave no event
  };
  Asleep on_sleeping(const SleepingThread& sleeping, int64_t end_ns, CurrentStatements& statements);
  // Adds what still ran to the processes' totals.
  void finish(int64_t end_ns);
  // Forgets threads that ended before `ended_before_ns`, and the past of those that no event came of since `idle_since_ns` and
  // that work on nothing. Looks at some of them at each call.
  void forget(int64_t ended_before_ns, int64_t idle_since_ns);

  bool any_switch() const { return any_switch_; }

 private:
  struct Run {
    int32_t pid = 0, tid = 0;
    int64_t from_ns = 0, to_ns = 0;
  };
  struct Cpu {
    int32_t pid = 0, tid = 0;
    int64_t since_ns = 0;
    std::array<Run, 64> runs;  // the last ones
    uint32_t next = 0;
  };
  void occupy(const ThreadSwitch& event);
  void blame_cpu(Thread& thread, const ThreadSwitch& event, int64_t from_ns);
  void blame_lock(Thread& thread, const ThreadSwitch& event, bool latch, CurrentStatements& statements);
  Wait classify(Thread& thread, const ThreadSwitch& event, Stretch& stretch, CurrentStatements& statements);
  Wait classify_poll(Thread& thread, const ThreadSwitch& event, Stretch& stretch, CurrentStatements& statements);
  Wait classify_woken(Thread& thread, const ThreadSwitch& event, CurrentStatements& statements);
  bool helper(const Thread& thread, int32_t pid);
  bool brings_answer(const Thread& thread, int32_t waker_tid);
  TextId statement_of_holder(int32_t pid, int64_t freed_ns, bool latch, CurrentStatements& statements) const;
  Wait classify_woken_by_parent(const Thread& thread, const ThreadSwitch& event);
  Wait helper_state(int32_t worker_tid, const ThreadSwitch& event);
  void count(Thread& thread, const ThreadSwitch& event);

  ProcessTable& processes_;
  std::vector<std::unique_ptr<Thread>> threads_;  // by tid: below pid_max (4 M), mostly far below
  std::vector<std::unique_ptr<Cpu>> cpus_;
  std::vector<int32_t> exited_;
  size_t next_looked_at_ = 0;  // by forget(), for idle ones
  bool any_switch_ = false;
};

}  // namespace culprit::requests
