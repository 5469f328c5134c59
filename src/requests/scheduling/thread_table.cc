#include "requests/scheduling/thread_table.h"

#include <algorithm>

#include "requests/scheduling/syscall_class.h"

namespace culprit::requests {
namespace {

// include/linux/sched.h: TASK_UNINTERRUPTIBLE. Together with TASK_NOLOAD (TASK_IDLE), the thread waits for work, not
// for a device.
constexpr uint32_t kUninterruptible = 0x2, kNoLoad = 0x400;
// Below 20 µs: the normal delay of a context switch, without a blocker.
constexpr int64_t kLeastBlamed = 20'000;
// Below 0.5 ms: finding the lock holder's statement costs more than the wait itself.
constexpr int64_t kLeastNamed = 500'000;
// The kernel's upper limit of pid_max on 64 bits (PID_MAX_LIMIT).
constexpr int32_t kMostTids = 4 << 20;
// The stretches of all threads: about 136 MB, enough for 2,000 busy threads.
constexpr size_t kMostStretches = 1'000'000;

}  // namespace

Thread* ThreadTable::find(int32_t tid) {
  return tid > 0 && static_cast<size_t>(tid) < threads_.size() ? threads_[static_cast<size_t>(tid)].get() : nullptr;
}

Thread& ThreadTable::at(int32_t tid, int32_t pid) {
  const auto index = static_cast<size_t>(std::clamp(tid, 0, kMostTids));
  if (index >= threads_.size()) threads_.resize(std::max(index + 1, threads_.size() * 3 / 2));
  std::unique_ptr<Thread>& place = threads_[index];
  if (place && (place->exited_ns == 0 || place->pid == pid)) return *place;
  remove(tid);
  place = std::make_unique<Thread>();
  place->pid = pid;
  place->tid = tid;
  place->last_event_ns = latest_ns_;
  processes_.at(pid).recorded = true;
  ++known_;
  if (known_ > most_) make_room(tid);
  return *place;
}

void ThreadTable::remove(int32_t tid) {
  Thread* thread = find(tid);
  if (!thread) return;
  forget_history(*thread);
  threads_[static_cast<size_t>(tid)].reset();
  --known_;
}

void ThreadTable::forget_history(Thread& thread) {
  stretches_ -= thread.timeline.size();
  thread.timeline.clear();
}

void ThreadTable::add(Thread& thread, const Stretch& stretch) {
  const size_t before = thread.timeline.size();
  thread.timeline.add(stretch);
  stretches_ = stretches_ - before + thread.timeline.size();
  if (stretches_ > kMostStretches) make_room_for_history(thread);
}

std::optional<int32_t> ThreadTable::idlest(const Thread* but, bool with_history) {
  auto age = [&](const Thread* thread) -> std::optional<std::pair<bool, int64_t>> {
    if (!thread || thread == but || (with_history && thread->timeline.size() == 0)) return std::nullopt;
    return std::pair(!thread->in_service.empty() || thread->pending_calls > 0, thread->last_event_ns);
  };
  auto all = [&] {
    std::vector<std::pair<std::pair<bool, int64_t>, int32_t>> entries;
    for (const auto& thread : threads_)
      if (const auto known = age(thread.get())) entries.emplace_back(*known, thread->tid);
    return entries;
  };
  return (with_history ? idle_with_history_ : idle_).next([&](int32_t tid) { return age(find(tid)); }, all);
}

void ThreadTable::make_room(int32_t but) {
  while (known_ > most_) {
    const std::optional<int32_t> tid = idlest(find(but), false);
    if (!tid) return;
    remove(*tid);
    ++evicted_;
  }
}

void ThreadTable::make_room_for_history(const Thread& but) {
  while (stretches_ > kMostStretches) {
    const std::optional<int32_t> tid = idlest(&but, true);
    if (!tid) return;
    forget_history(*find(*tid));
    ++evicted_histories_;
  }
}

void ThreadTable::count(Thread& thread, const ThreadSwitch& event) {
  ProcessActivity& process = processes_.at(thread.pid);
  const int64_t off_ns = event.off_ns, on_ns = event.on_ns;
  if (thread.on_ns != 0 && off_ns > thread.on_ns) process.running_ns += off_ns - thread.on_ns;
  const int64_t ready_ns = event.wake_ns ? event.wake_ns : event.state == 0 ? off_ns : on_ns;
  if (on_ns > ready_ns && ready_ns >= off_ns) process.runnable_ns += on_ns - ready_ns;
  thread.on_ns = on_ns;
}

void ThreadTable::on_switch(const ThreadSwitch& event, CurrentStatements& statements) {
  any_switch_ = true;
  Thread& thread = at(event.tid, event.pid);
  thread.last_event_ns = event.on_ns;
  latest_ns_ = std::max(latest_ns_, event.on_ns);
  occupy(event);
  if (thread.exited_ns != 0) return;  // a last switch that arrived after the thread's exit
  if (event.off_ns == 0) {            // the thread's first time on a CPU
    thread.on_ns = event.on_ns;
    return;
  }
  count(thread, event);
  if (event.state != 0 && syscall_class(event.syscall) == SyscallClass::Poll) thread.runnable.clear();
  Stretch stretch;
  stretch.off_ns = event.off_ns;
  stretch.on_ns = event.on_ns;
  stretch.wake_ns = event.wake_ns      ? std::clamp(event.wake_ns, stretch.off_ns, stretch.on_ns)
                    : event.state == 0 ? stretch.off_ns
                                       : stretch.on_ns;
  stretch.syscall = event.syscall;
  if (event.waker == Waker::Thread) {
    stretch.waker_pid = event.waker_pid;
    stretch.waker_tid = event.waker_tid;
  }
  if (stretch.wake_ns > stretch.off_ns) stretch.wait = classify(thread, event, stretch, statements);
  const int64_t ready_ns = stretch.wake_ns;
  add(thread, stretch);
  if (stretch.on_ns - ready_ns >= kLeastBlamed) blame_cpu(thread, event, ready_ns);
}

// Returns true if the waking thread works on the same request: a thread of the same process received the answer for it.
bool ThreadTable::brings_answer(const Thread& thread, int32_t waker_tid) {
  const Thread* waker = find(waker_tid);
  if (!waker || waker->pid != thread.pid) return false;
  auto ours = [&](NodeId request) {
    return request != NodeId::None && std::any_of(thread.in_service.begin(), thread.in_service.end(),
                                                  [&](const InService& own) { return own.request == request; });
  };
  return ours(waker->current) || std::any_of(waker->in_service.begin(), waker->in_service.end(),
                                             [&](const InService& other) { return ours(other.request); });
}

Wait ThreadTable::classify(Thread& thread, const ThreadSwitch& event, Stretch& stretch, CurrentStatements& statements) {
  const SyscallClass kind = syscall_class(event.syscall);
  if (kind == SyscallClass::Child) return Wait::Other;
  const bool uninterruptible = (event.state & kUninterruptible) && !(event.state & kNoLoad);
  if (uninterruptible || event.io_wait || kind == SyscallClass::Sync) return Wait::Disk;
  switch (kind) {
    case SyscallClass::Sleep: return Wait::Sleep;
    case SyscallClass::Mutex:
      // the time-out of the call: counts as a sleep, until a later wait ends by a wake-up
      if (event.waker == Waker::Interrupt) {
        stretch.guessed = true;
        return Wait::Sleep;
      }
      if (event.waker == Waker::Thread && brings_answer(thread, event.waker_tid)) return Wait::Peer;
      if (event.waker == Waker::Thread) blame_lock(thread, event, false, statements);
      return Wait::Lock;
    case SyscallClass::Connect: return Wait::Peer;
    case SyscallClass::Poll:
    case SyscallClass::Socket: return classify_poll(thread, event, stretch, statements);
    default: return Wait::Other;
  }
}

// Checks the possible situations in this order: the thread waits for an answer; it is idle; it serves a request and
// waits for something else.
Wait ThreadTable::classify_poll(Thread& thread, const ThreadSwitch& event, Stretch& stretch,
                                CurrentStatements& statements) {
  if (thread.pending_calls > 0) return thread.pending_remote_calls == thread.pending_calls ? Wait::Network : Wait::Peer;
  if (thread.in_service.empty()) return Wait::Other;
  // waits for space in a pipe; every process that has the pipe open can be the waker
  if (!event.socket && writes(event.syscall)) return Wait::Peer;
  if (event.waker == Waker::Thread && event.waker_pid != 0) return classify_woken(thread, event, statements);
  if (event.socket) return Wait::Peer;  // waits for bytes of its client, or for send buffer space
  return classify_interrupted(thread, event, stretch);
}

// Classifies a wait that an interrupt ended. The server's own timer can end a lock wait: a lock time-out, a statement
// time-out, or the deadlock check, after which the wait continues. The holder is then unknown.
Wait ThreadTable::classify_interrupted(Thread& thread, const ThreadSwitch& event, Stretch& stretch) {
  const Stretch* last = thread.timeline.last();
  const bool seen = thread.lock_wait_seen_ns >= stretch.off_ns && thread.lock_wait_seen_ns < stretch.wake_ns;
  const bool goes_on = last && last->wait == Wait::Lock && last->syscall == stretch.syscall && last->waker_pid == 0 &&
                       thread.lock_wait_seen_ns >= thread.in_service.front().since_ns;
  if (seen || goes_on) {
    thread.timeline.blame({event.off_ns, event.wake_ns, Wait::Lock, 0, 0, TextId::None});
    return Wait::Lock;
  }
  stretch.guessed = true;  // a timer, unless bytes arrive next
  return Wait::Sleep;
}

Wait ThreadTable::classify_woken(Thread& thread, const ThreadSwitch& event, CurrentStatements& statements) {
  const int32_t waker = event.waker_pid;
  if (waker != thread.pid && !processes_.siblings(thread.pid, waker)) {
    const ProcessActivity* other = processes_.find(waker);
    const ProcessActivity* own = processes_.find(thread.pid);
    const bool parent = own && own->info.parent_pid == waker;
    if (parent) return classify_woken_by_parent(thread, event);
    return other && other->info.known ? Wait::Peer : Wait::Other;
  }
  if (waker != thread.pid && helper(thread, waker)) return helper_state(event.waker_tid, event);
  blame_lock(thread, event, true, statements);
  return Wait::Lock;
}

void ThreadTable::was_busy(Thread& thread, int64_t since_ns, bool calling, CurrentStatements& statements) {
  std::vector<Stretch> woken;
  thread.timeline.review(since_ns, [&](Stretch& stretch) {
    const SyscallClass kind = syscall_class(stretch.syscall);
    if (stretch.wait != Wait::Other || (kind != SyscallClass::Poll && kind != SyscallClass::Socket)) return;
    // If the thread fell asleep while the BPF hooks were being attached, the wait began before `since_ns`.
    since_ns = std::min(since_ns, stretch.off_ns);
    if (!calling && stretch.waker_pid != 0) return woken.push_back(stretch);
    stretch.wait = calling ? Wait::Peer : Wait::Sleep;
    stretch.guessed = !calling;
  });
  const std::vector<InService> in_service = thread.in_service;
  if (!calling) thread.in_service.assign(1, InService{NodeId::None, since_ns, LinkHow::SameThread});
  for (const Stretch& stretch : woken) {
    ThreadSwitch event;
    event.off_ns = stretch.off_ns;
    event.wake_ns = stretch.wake_ns;
    event.syscall = stretch.syscall;
    event.waker = Waker::Thread;
    event.waker_pid = stretch.waker_pid;
    event.waker_tid = stretch.waker_tid;
    const Wait wait = classify_woken(thread, event, statements);
    thread.timeline.review(stretch.off_ns, [&](Stretch& same) {
      if (same.off_ns == stretch.off_ns) same.wait = wait;
    });
  }
  thread.in_service = in_service;
}

// Returns true if `pid` is a parallel worker that PostgreSQL started for the thread's query. A wait for a worker is
// part of the query's work, not a lock wait.
bool ThreadTable::helper(const Thread& thread, int32_t pid) {
  const ProcessActivity* entry = processes_.find(pid);
  return entry && entry->server_endpoint == EndpointId::None && entry->forked_ns != 0 &&
         entry->forked_ns >= thread.in_service.front().since_ns;
}

// Classifies a wake-up by the postmaster: PostgreSQL's first process wakes a backend when one of its parallel workers
// has ended.
Wait ThreadTable::classify_woken_by_parent(const Thread& thread, const ThreadSwitch& event) {
  if (thread.in_service.empty()) return Wait::Other;
  const int32_t worker =
      processes_.child_that_ended(event.waker_pid, thread.in_service.front().since_ns, event.off_ns, event.wake_ns);
  return worker == 0 ? Wait::Other : helper_state(worker, event);
}

Wait ThreadTable::helper_state(int32_t worker_tid, const ThreadSwitch& event) {
  const Thread* worker = find(worker_tid);
  if (!worker) return Wait::Running;
  const WaitSums sums = worker->timeline.sums(event.off_ns, event.wake_ns);
  Wait most = Wait::Running;
  for (Wait wait : {Wait::Runnable, Wait::Disk, Wait::Lock})
    if (sums[wait] > sums[most]) most = wait;
  return most == Wait::Lock ? Wait::Other : most;
}

// Returns the statement that held the lock when the lock was released. The waiter may get a CPU much later. Among the
// earlier statements of a transaction, the last one that may take locks is chosen; if there is none, the last one.
TextId ThreadTable::statement_of_holder(int32_t pid, int64_t freed_ns, bool latch,
                                        CurrentStatements& statements) const {
  const ProcessActivity* holder = processes_.find(pid);
  if (!holder) return TextId::None;
  RanStatement during, before, locking;
  int64_t ended_ns = 0;  // the end of the previous transaction
  auto look = [&](const RanStatement& ran) {
    if (ran.statement == TextId::None || ran.begin_ns > freed_ns) return;
    if (ran.end_ns > freed_ns)
      during = ran;
    else if (!ran.ends_transaction && ran.end_ns > before.end_ns)
      before = ran;
    else if (ran.ends_transaction)
      ended_ns = std::max(ended_ns, ran.end_ns);
  };
  for (const RanStatement& ran : holder->ran) look(ran);
  for (const RanStatement& ran : holder->locked)
    if (latch && ran.end_ns <= freed_ns && ran.begin_ns >= ended_ns && ran.end_ns > locking.end_ns) locking = ran;
  look(statements.current_statement(*holder));
  if (locking.statement != TextId::None) before = locking;
  return during.statement != TextId::None && !(latch && during.ends_transaction) ? during.statement : before.statement;
}

// Records the blockers of a lock wait: the lock holder, the threads that the holder itself waited for, and the disk if
// the holder spent most of the time there. A `latch` here is PostgreSQL's heavyweight lock. Its holder releases it at
// commit, so an earlier statement took it. A futex is released by the statement that runs.
void ThreadTable::blame_lock(Thread& thread, const ThreadSwitch& event, bool latch, CurrentStatements& statements) {
  Blame blame;
  blame.from_ns = event.off_ns;
  blame.to_ns = event.wake_ns;
  blame.wait = Wait::Lock;
  blame.pid = event.waker_pid;
  blame.tid = event.waker_tid;
  if (!thread.in_service.empty()) {
    const int64_t start_ns =
        thread.timeline.start_of_guesses(thread.in_service.front().since_ns, blame.from_ns, event.syscall);
    if (start_ns < blame.from_ns) thread.timeline.reclassify(start_ns, Wait::Sleep, Wait::Lock);
    blame.from_ns = start_ns;
  }
  if (blame.to_ns - blame.from_ns >= kLeastNamed)
    blame.statement = statement_of_holder(blame.pid, blame.to_ns, latch, statements);
  thread.timeline.blame(blame);
  const Thread* holder = find(blame.tid);
  if (!holder || blame.to_ns - blame.from_ns < kLeastBlamed) return;
  // Limits the length of a chain of holders: the first and the last holders are the useful ones.
  constexpr int kMostCopied = 4;
  int copied = 0;
  for (Blame further : holder->timeline.blames(blame.from_ns, blame.to_ns)) {
    if (further.wait != Wait::Lock || further.tid == thread.tid || ++copied > kMostCopied) continue;
    thread.timeline.blame(further);
  }
  if (holder->timeline.sums(blame.from_ns, blame.to_ns)[Wait::Disk] * 2 < blame.to_ns - blame.from_ns) return;
  blame.wait = Wait::Disk;
  thread.timeline.blame(blame);
}

void ThreadTable::occupy(const ThreadSwitch& event) {
  const size_t index = event.cpu & 0xfff;
  if (index >= cpus_.size()) cpus_.resize(index + 1);
  if (!cpus_[index]) cpus_[index] = std::make_unique<Cpu>();
  Cpu& cpu = *cpus_[index];
  const int64_t now_ns = event.on_ns;
  if (event.previous_tid != 0) {
    const int32_t previous = event.previous_tid;
    const int64_t since_ns = cpu.tid == previous ? cpu.since_ns : 0;  // 0: its switch to this CPU was not recorded
    cpu.runs[cpu.next++ % cpu.runs.size()] = {event.previous_pid, previous, since_ns, now_ns};
  }
  cpu.pid = event.pid;
  cpu.tid = event.tid;
  cpu.since_ns = now_ns;
}

// Records the threads that ran on the thread's CPU while the thread was runnable.
void ThreadTable::blame_cpu(Thread& thread, const ThreadSwitch& event, int64_t from_ns) {
  const Cpu& cpu = *cpus_[event.cpu & 0xfff];
  const uint32_t most = std::min<uint32_t>(cpu.next, static_cast<uint32_t>(cpu.runs.size()));
  constexpr uint32_t kMostBlamed = 8;
  int64_t bound_ns = event.on_ns;
  for (uint32_t i = 0; i < std::min(most, kMostBlamed) && bound_ns > from_ns; ++i) {
    const Run& run = cpu.runs[(cpu.next - 1 - i) % cpu.runs.size()];
    if (run.to_ns <= from_ns) break;
    Blame blame;
    blame.from_ns = std::max(run.from_ns, from_ns);
    blame.to_ns = std::min(run.to_ns, bound_ns);
    blame.wait = Wait::Runnable;
    blame.pid = run.pid;
    blame.tid = run.tid;
    if (blame.to_ns - blame.from_ns >= kLeastBlamed && run.tid != thread.tid) thread.timeline.blame(blame);
    bound_ns = std::min(bound_ns, blame.from_ns);
  }
}

void ThreadTable::on_file_sync(const FileSync& event) {
  Thread& thread = at(event.tid, event.pid);
  thread.timeline.reclassify(event.begin_ns, Wait::Other, Wait::Disk);
}

void ThreadTable::on_bytes(Thread& thread) {
  const Stretch* last = thread.timeline.last();
  if (last && last->guessed && syscall_class(last->syscall) != SyscallClass::Mutex)
    thread.timeline.settle_guess(Wait::Peer);
}

void ThreadTable::on_exit(int32_t tid, int64_t time_ns) {
  Thread* thread = find(tid);
  if (!thread) return;
  if (thread->on_ns != 0) processes_.at(thread->pid).running_ns += std::max<int64_t>(0, time_ns - thread->on_ns);
  thread->on_ns = 0;
  thread->exited_ns = time_ns;
  exited_.push_back(tid);
}

ThreadTable::Asleep ThreadTable::on_sleeping(const SleepingThread& wait, int64_t end_ns,
                                             CurrentStatements& statements) {
  Asleep asleep;
  if (wait.off_ns == 0 || wait.off_ns >= end_ns) return asleep;
  any_switch_ = true;
  Thread& thread = at(wait.tid, wait.pid);
  ThreadSwitch event;
  event.off_ns = wait.off_ns;
  event.wake_ns = wait.wake_ns ? wait.wake_ns : wait.state == 0 ? 0 : end_ns;
  event.on_ns = end_ns;
  event.pid = wait.pid;
  event.tid = wait.tid;
  event.state = wait.state;
  event.syscall = wait.syscall;
  event.socket = wait.socket;
  event.waker = Waker::Unknown;
  count(thread, event);
  thread.on_ns = 0;
  Stretch stretch;
  stretch.off_ns = event.off_ns;
  stretch.wake_ns = event.wake_ns ? event.wake_ns : stretch.off_ns;
  stretch.on_ns = end_ns;
  stretch.syscall = event.syscall;
  if (stretch.wake_ns > stretch.off_ns) stretch.wait = classify(thread, event, stretch, statements);
  // Without a wake-up, a lock wait looks the same as a sleep. Only a PostgreSQL backend that serves a request and waits
  // for no answer is classified as a lock wait, because its siblings share locks with it.
  const bool alone = thread.pending_calls == 0 && !thread.in_service.empty() && stretch.guessed;
  if (alone && processes_.at(thread.pid).info.service == "postgresql") {
    stretch.wait = Wait::Lock;
    asleep.lock_like = true;
  }
  asleep.lock_like |= stretch.wait == Wait::Lock && !thread.in_service.empty();
  const int64_t start_ns = asleep.lock_like ? thread.timeline.start_of_guesses(thread.in_service.front().since_ns,
                                                                               stretch.off_ns, stretch.syscall)
                                            : 0;
  if (asleep.lock_like && start_ns < stretch.off_ns) thread.timeline.reclassify(start_ns, Wait::Sleep, Wait::Lock);
  add(thread, stretch);
  if (asleep.lock_like) thread.timeline.blame({start_ns, stretch.wake_ns, Wait::Lock, 0, 0, TextId::None});
  return asleep;
}

void ThreadTable::finish(int64_t end_ns) {
  for (const auto& thread : threads_) {
    if (!thread) continue;
    ProcessActivity& process = processes_.at(thread->pid);
    if (thread->on_ns == 0) continue;
    process.running_ns += std::max<int64_t>(0, end_ns - thread->on_ns);
    thread->on_ns = 0;
  }
}

void ThreadTable::forget(int64_t ended_before_ns, int64_t idle_since_ns) {
  std::erase_if(exited_, [&](int32_t tid) {
    Thread* thread = find(tid);
    if (thread && thread->exited_ns == 0) return true;  // a new thread has this tid
    if (thread && thread->exited_ns >= ended_before_ns) return false;
    remove(tid);
    return true;
  });
  // With one call per second, 65,536 tids are visited within about a minute.
  constexpr size_t kLookedAt = 1024;
  for (size_t i = 0; i < kLookedAt && !threads_.empty(); ++i) {
    if (next_looked_at_ >= threads_.size()) next_looked_at_ = 0;
    std::unique_ptr<Thread>& thread = threads_[next_looked_at_++];
    if (!thread || thread->last_event_ns >= idle_since_ns) continue;
    if (!thread->in_service.empty() || thread->pending_calls > 0) continue;
    forget_history(*thread);  // some 70 KB; the rest is small, and ends with the thread
  }
}

}  // namespace culprit::requests
