// Threads: the state of every recorded thread, from EVENT_SWITCH, and who it waited for.
//
// What a blocked stretch means depends on what the thread was doing: the assembler keeps `serving` (requests that it
// received and has not answered) and `calls` (requests that it sent and that are not answered) up to date, in the order
// of the events, so that at each switch-in both are what they were while it slept.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "capture/host/process_table.h"
#include "capture/kernel/event_source.h"
#include "capture/requests/timeline.h"
#include "capture/wire/event.h"
#include "model/span.h"

namespace culprit::capture {

// A request that a thread works on.
struct Serving {
  uint64_t request = 0;  // span id
  int64_t since_ns = 0;
  LinkHow how = LinkHow::SameThread;  // WakeUp: handed over by another thread
};

struct Thread {
  int32_t pid = 0, tid = 0;
  Timeline timeline;
  std::vector<Serving> serving;
  uint64_t touched = 0;         // the request whose bytes, or whose call's answer, came last; 0: not known
  std::vector<uint64_t> fresh;  // whose bytes came since it last waited for several, and that have sent nothing since
  uint64_t call_begun_before = 0;  // whose answer it received last, and on whose behalf that was is not known
  int32_t calls = 0;
  int32_t remote_calls = 0;  // of these, to machines that are not recorded
  int64_t on_ns = 0;         // on a CPU since; 0: not known
  int64_t last_event_ns = 0;
  int64_t exited_ns = 0;
};

// COMMIT, ROLLBACK and their other names.
bool ends_transaction(std::string_view statement);
// Whether it may take a lock that others wait for: it writes, changes a table, or says that it locks.
bool takes_locks(std::string_view statement);

class Threads {
 public:
  // The statement that a process works on now (0: none known); asked for long waits only.
  using CurrentStatement = std::function<Ran(const Processes::Entry&)>;
  Threads(Processes& processes, CurrentStatement current_statement)
      : processes_(processes), current_statement_(std::move(current_statement)) {}

  Thread& at(int32_t tid, int32_t pid);
  Thread* find(int32_t tid);

  void on_switch(const event_switch& event);
  void on_sync(const event_sync& event);
  // Bytes arrived: an interrupt that ended this thread's last wait was the network's.
  void on_bytes(Thread& thread);
  void on_exit(int32_t tid, int64_t time_ns);
  // It turns out that all the time since `since_ns` the thread served a request, or (`calling`) waited for an answer,
  // whose beginning nobody saw: it was not idle.
  void was_busy(Thread& thread, int64_t since_ns, bool calling);
  // A thread that is still off its CPU when the recording ends.
  struct Asleep {
    bool lock_like = false;  // a request waits for something that gave no event
  };
  Asleep on_open_wait(const OpenWait& wait, int64_t end_ns);
  // Adds what still ran to the processes' totals.
  void finish(int64_t end_ns);
  // Forgets threads that ended before `before_ns`.
  void forget(int64_t before_ns);

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
  void occupy(const event_switch& event);
  void blame_cpu(Thread& thread, const event_switch& event, int64_t from_ns);
  void blame_lock(Thread& thread, const event_switch& event, bool latch);
  Wait classify(Thread& thread, const event_switch& event, Stretch& stretch);
  Wait classify_poll(Thread& thread, const event_switch& event, Stretch& stretch);
  Wait classify_woken(Thread& thread, const event_switch& event);
  bool helper(const Thread& thread, int32_t pid);
  bool brings_answer(const Thread& thread, int32_t waker_tid);
  uint32_t statement_of_holder(int32_t pid, int64_t freed_ns, bool latch) const;
  Wait classify_woken_by_parent(const Thread& thread, const event_switch& event);
  Wait helper_state(int32_t worker_tid, const event_switch& event);
  void count(Thread& thread, const event_switch& event);

  Processes& processes_;
  CurrentStatement current_statement_;
  std::vector<std::unique_ptr<Thread>> threads_;  // by tid: below pid_max (4 M), mostly far below
  std::vector<std::unique_ptr<Cpu>> cpus_;
  std::vector<int32_t> exited_;
  bool any_switch_ = false;
};

}  // namespace culprit::capture
