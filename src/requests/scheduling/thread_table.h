// ThreadTable: the state of every recorded thread and what the thread waited for, derived from its context switches.
//
// The meaning of a blocked stretch depends on what the thread was doing. The request tracker therefore updates two
// members of a thread in the order of the events: `in_service`, the requests that the thread received and has not
// answered, and `pending_calls`, the number of requests that it sent and that have no answer yet. At each switch both
// have the values from the time of the wait.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "model/span.h"
#include "requests/input/node_id.h"
#include "requests/input/oldest_first.h"
#include "requests/input/thread.h"
#include "requests/scheduling/process_table.h"
#include "requests/scheduling/timeline.h"

namespace culprit::requests {

// A request that a thread is working on.
struct InService {
  NodeId request = NodeId::None;
  int64_t since_ns = 0;
  LinkHow how = LinkHow::SameThread;  // WakeUp: another thread handed the request over
};

struct Thread {
  int32_t pid = 0, tid = 0;
  Timeline timeline;
  std::vector<InService> in_service;
  NodeId current = NodeId::None;  // the request for which bytes or an answer arrived last; None: unknown
  // The requests for which bytes arrived since the thread last waited in a poll call, and that have sent nothing since
  // then.
  std::vector<NodeId> runnable;
  // The call that was answered last, if the call began before the recording and its parent request is unknown.
  NodeId call_begun_before = NodeId::None;
  int32_t pending_calls = 0;
  int32_t pending_remote_calls = 0;  // the part of pending_calls that went to machines outside of the recording
  int64_t lock_wait_seen_ns = 0;     // the last time at which the server's status showed a lock wait of the thread
  int64_t on_ns = 0;                 // the time since which the thread has been on a CPU; 0: unknown
  int64_t last_event_ns = 0;
  int64_t exited_ns = 0;
};

// Gives the statement that a server process runs now. Called only for long waits.
class CurrentStatements {
 public:
  virtual ~CurrentStatements() = default;
  virtual RanStatement current_statement(const ProcessActivity& process) = 0;
};

class ThreadTable {
 public:
  explicit ThreadTable(ProcessTable& processes, size_t most = 131'072)
      : processes_(processes), most_(std::max<size_t>(2, most)) {}

  Thread& at(int32_t tid, int32_t pid);
  Thread* find(int32_t tid);

  void on_switch(const ThreadSwitch& event, CurrentStatements& statements);
  void on_file_sync(const FileSync& sync);
  // Bytes arrived. An interrupt that ended the thread's last wait was therefore a network interrupt.
  void on_bytes(Thread& thread);
  void on_exit(int32_t tid, int64_t time_ns);
  // Reclassifies the thread's waits since `since_ns`, because the thread was not idle: it served a request or, with
  // `calling`, waited for an answer. The start of that request was not recorded.
  void was_busy(Thread& thread, int64_t since_ns, bool calling, CurrentStatements& statements);
  // The result for a thread that is off its CPU when the recording ends.
  struct Asleep {
    bool lock_like = false;  // a request waits for something without a wake-up event: probably a lock
  };
  Asleep on_sleeping(const SleepingThread& sleeping, int64_t end_ns, CurrentStatements& statements);
  // Adds the CPU time of threads that are still running to the totals of their processes.
  void finish(int64_t end_ns);
  // Removes threads that ended before `ended_before_ns`. Clears the timeline of threads without work that had no event
  // since `idle_since_ns`. Each call visits only a part of the threads.
  void forget(int64_t ended_before_ns, int64_t idle_since_ns);

  bool any_switch() const { return any_switch_; }
  size_t size() const { return known_; }
  size_t limit() const { return most_; }
  size_t take_evicted() { return std::exchange(evicted_, 0); }
  size_t take_evicted_histories() { return std::exchange(evicted_histories_, 0); }

 private:
  struct Run {
    int32_t pid = 0, tid = 0;
    int64_t from_ns = 0, to_ns = 0;
  };
  struct Cpu {
    int32_t pid = 0, tid = 0;
    int64_t since_ns = 0;
    std::array<Run, 64> runs;  // ring buffer: the last runs on this CPU
    uint32_t next = 0;
  };
  void add(Thread& thread, const Stretch& stretch);
  void forget_history(Thread& thread);
  void remove(int32_t tid);
  void make_room(int32_t but);
  void make_room_for_history(const Thread& but);
  // Returns the thread that was idle longest. Threads without a request come first.
  std::optional<int32_t> idlest(const Thread* but, bool with_history);
  void occupy(const ThreadSwitch& event);
  void blame_cpu(Thread& thread, const ThreadSwitch& event, int64_t from_ns);
  void blame_lock(Thread& thread, const ThreadSwitch& event, bool latch, CurrentStatements& statements);
  Wait classify(Thread& thread, const ThreadSwitch& event, Stretch& stretch, CurrentStatements& statements);
  Wait classify_poll(Thread& thread, const ThreadSwitch& event, Stretch& stretch, CurrentStatements& statements);
  Wait classify_interrupted(Thread& thread, const ThreadSwitch& event, Stretch& stretch);
  Wait classify_woken(Thread& thread, const ThreadSwitch& event, CurrentStatements& statements);
  bool helper(const Thread& thread, int32_t pid);
  bool brings_answer(const Thread& thread, int32_t waker_tid);
  TextId statement_of_holder(int32_t pid, int64_t freed_ns, bool latch, CurrentStatements& statements) const;
  Wait classify_woken_by_parent(const Thread& thread, const ThreadSwitch& event);
  Wait helper_state(int32_t worker_tid, const ThreadSwitch& event);
  void count(Thread& thread, const ThreadSwitch& event);

  ProcessTable& processes_;
  const size_t most_;
  size_t known_ = 0, stretches_ = 0;  // the number of threads; the stretches of all of them
  size_t evicted_ = 0, evicted_histories_ = 0;
  int64_t latest_ns_ = 0;  // the time of the newest switch
  OldestFirst<int32_t, std::pair<bool, int64_t>> idle_, idle_with_history_;
  // indexed by tid, which is below pid_max (4 M) and usually much smaller
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Cpu>> cpus_;
  std::vector<int32_t> exited_;
  size_t next_looked_at_ = 0;  // the next index that forget() checks for an idle thread
  bool any_switch_ = false;
};

}  // namespace culprit::requests
