#include "capture/requests/threads.h"

#include <algorithm>

#include "capture/requests/wait_kind.h"

namespace culprit::capture {
namespace {

// include/linux/sched.h: TASK_UNINTERRUPTIBLE; with TASK_NOLOAD (TASK_IDLE) it waits for work, not for a device.
constexpr uint32_t kUninterruptible = 0x2, kNoLoad = 0x400;
// Shorter waits for a CPU are the price of any switch, and nobody's fault.
constexpr int64_t kLeastBlamed = 20'000;
// To look up what the holder runs costs more than such a wait.
constexpr int64_t kLeastNamed = 500'000;
// pid_max's own limit on 64 bits.
constexpr int32_t kMostTids = 4 << 20;
// A statement is searched so far for the words that lock: they stand at the end of ordinary ones.
constexpr size_t kMostSearched = 2000;

int32_t as_pid(uint32_t pid) { return static_cast<int32_t>(pid); }
int64_t as_time(uint64_t ns) { return static_cast<int64_t>(ns); }

}  // namespace

bool ends_transaction(std::string_view statement) {
  for (std::string_view word : {"COMMIT", "END", "ROLLBACK", "ABORT", "commit", "end", "rollback", "abort"})
    if (statement.starts_with(word)) return true;
  return false;
}

bool takes_locks(std::string_view statement) {
  std::string upper(statement.substr(0, kMostSearched));
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  const std::string_view word =
      std::string_view(upper).substr(0, upper.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  for (std::string_view form :
       {"FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR KEY SHARE", "_LOCK(", "_LOCK_SHARED("})
    if (upper.find(form) != std::string::npos) return true;
  for (std::string_view other : {"SELECT", "WITH", "VALUES", "TABLE", "FETCH", "SHOW", "SET", "BEGIN", "START",
                                 "SAVEPOINT", "RELEASE", "COMMIT", "END", "ROLLBACK", "ABORT"})
    if (word == other) return false;
  return true;
}

Thread* Threads::find(int32_t tid) {
  return tid > 0 && static_cast<size_t>(tid) < threads_.size() ? threads_[static_cast<size_t>(tid)].get() : nullptr;
}

Thread& Threads::at(int32_t tid, int32_t pid) {
  const auto index = static_cast<size_t>(std::clamp(tid, 0, kMostTids));
  if (index >= threads_.size()) threads_.resize(std::max(index + 1, threads_.size() * 3 / 2));
  std::unique_ptr<Thread>& place = threads_[index];
  if (!place || (place->exited_ns != 0 && place->pid != pid)) {
    place = std::make_unique<Thread>();
    place->pid = pid;
    place->tid = tid;
    Processes::Entry& process = processes_.at(pid);
    if (!process.row.recorded) process.row.recorded = process.dirty = true;
  }
  return *place;
}

void Threads::count(Thread& thread, const event_switch& event) {
  Process& process = processes_.at(thread.pid).row;
  const int64_t off_ns = as_time(event.off_ns), on_ns = as_time(event.header.time_ns);
  if (thread.on_ns != 0 && off_ns > thread.on_ns) process.running_ns += off_ns - thread.on_ns;
  const int64_t ready_ns = event.wake_ns ? as_time(event.wake_ns) : event.state == 0 ? off_ns : on_ns;
  if (on_ns > ready_ns && ready_ns >= off_ns) process.runnable_ns += on_ns - ready_ns;
  thread.on_ns = on_ns;
}

void Threads::on_switch(const event_switch& event) {
  any_switch_ = true;
  Thread& thread = at(as_pid(event.header.tid), as_pid(event.header.pid));
  thread.last_event_ns = as_time(event.header.time_ns);
  occupy(event);
  if (thread.exited_ns != 0) return;  // its last steps, after its exit was told
  if (event.off_ns == 0) {            // its first time on a CPU
    thread.on_ns = as_time(event.header.time_ns);
    return;
  }
  count(thread, event);
  if (event.state != 0 && call_kind(event.syscall) == CallKind::Poll) thread.fresh.clear();
  Stretch stretch;
  stretch.off_ns = as_time(event.off_ns);
  stretch.on_ns = as_time(event.header.time_ns);
  stretch.wake_ns = event.wake_ns      ? std::clamp(as_time(event.wake_ns), stretch.off_ns, stretch.on_ns)
                    : event.state == 0 ? stretch.off_ns
                                       : stretch.on_ns;
  stretch.syscall = event.syscall;
  if (event.waker == WAKER_THREAD) {
    stretch.waker_pid = as_pid(event.waker_pid);
    stretch.waker_tid = as_pid(event.waker_tid);
  }
  if (stretch.wake_ns > stretch.off_ns) stretch.wait = classify(thread, event, stretch);
  const int64_t ready_ns = stretch.wake_ns;
  thread.timeline.add(stretch);
  if (stretch.on_ns - ready_ns >= kLeastBlamed) blame_cpu(thread, event, ready_ns);
}

// Who woke it had its own request in hand: another thread of its program waited for the answer.
bool Threads::brings_answer(const Thread& thread, int32_t waker_tid) {
  const Thread* waker = find(waker_tid);
  if (!waker || waker->pid != thread.pid) return false;
  auto ours = [&](uint64_t request) {
    return request != 0 && std::any_of(thread.serving.begin(), thread.serving.end(),
                                       [&](const Serving& own) { return own.request == request; });
  };
  return ours(waker->touched) || std::any_of(waker->serving.begin(), waker->serving.end(),
                                             [&](const Serving& other) { return ours(other.request); });
}

Wait Threads::classify(Thread& thread, const event_switch& event, Stretch& stretch) {
  const CallKind kind = call_kind(event.syscall);
  if (kind == CallKind::Child) return Wait::Other;
  const bool uninterruptible = (event.state & kUninterruptible) && !(event.state & kNoLoad);
  if (uninterruptible || event.io_wait || kind == CallKind::Sync) return Wait::Disk;
  switch (kind) {
    case CallKind::Sleep: return Wait::Sleep;
    case CallKind::Mutex:
      if (event.waker == WAKER_INTERRUPT) {  // its time-out: a pause, unless it waits on until somebody wakes it
        stretch.guessed = true;
        return Wait::Sleep;
      }
      if (event.waker == WAKER_THREAD && brings_answer(thread, as_pid(event.waker_tid))) return Wait::Peer;
      if (event.waker == WAKER_THREAD) blame_lock(thread, event, false);
      return Wait::Lock;
    case CallKind::Connect: return Wait::Peer;
    case CallKind::Poll:
    case CallKind::Socket: return classify_poll(thread, event, stretch);
    default: return Wait::Other;
  }
}

// The situations, in order: it waits for an answer; it is idle; it serves a request and waits for something else.
Wait Threads::classify_poll(Thread& thread, const event_switch& event, Stretch& stretch) {
  if (thread.calls > 0) return thread.remote_calls == thread.calls ? Wait::Network : Wait::Peer;
  if (thread.serving.empty()) return Wait::Other;
  if (event.socket == 0 && writes(event.syscall))
    return Wait::Peer;  // room in a pipe, whoever of the others told it so
  if (event.waker == WAKER_THREAD && event.waker_pid != 0) return classify_woken(thread, event);
  if (event.socket != 0) return Wait::Peer;  // its client's bytes, or room for the answer
  stretch.guessed = true;                    // a timer, unless bytes follow
  return Wait::Sleep;
}

Wait Threads::classify_woken(Thread& thread, const event_switch& event) {
  const int32_t waker = as_pid(event.waker_pid);
  if (waker != thread.pid && !processes_.siblings(thread.pid, waker)) {
    const Processes::Entry* other = processes_.find(waker);
    const Processes::Entry* own = processes_.find(thread.pid);
    const bool parent = own && own->row.parent_pid == waker;
    if (parent) return classify_woken_by_parent(thread, event);
    return other && other->known ? Wait::Peer : Wait::Other;
  }
  if (waker != thread.pid && helper(thread, waker)) return helper_state(as_pid(event.waker_tid), event);
  blame_lock(thread, event, true);
  return Wait::Lock;
}

void Threads::was_busy(Thread& thread, int64_t since_ns, bool calling) {
  std::vector<Stretch> woken;
  thread.timeline.review(since_ns, [&](Stretch& stretch) {
    const CallKind kind = call_kind(stretch.syscall);
    if (stretch.wait != Wait::Other || (kind != CallKind::Poll && kind != CallKind::Socket)) return;
    // It may have gone to sleep when the first hook was there and the last was not.
    since_ns = std::min(since_ns, stretch.off_ns);
    if (!calling && stretch.waker_pid != 0) return woken.push_back(stretch);
    stretch.wait = calling ? Wait::Peer : Wait::Sleep;
    stretch.guessed = !calling;
  });
  const std::vector<Serving> serving = thread.serving;
  if (!calling) thread.serving.assign(1, Serving{0, since_ns, LinkHow::SameThread});
  for (const Stretch& stretch : woken) {
    event_switch event = {};
    event.off_ns = static_cast<uint64_t>(stretch.off_ns);
    event.wake_ns = static_cast<uint64_t>(stretch.wake_ns);
    event.syscall = stretch.syscall;
    event.waker = WAKER_THREAD;
    event.waker_pid = static_cast<uint32_t>(stretch.waker_pid);
    event.waker_tid = static_cast<uint32_t>(stretch.waker_tid);
    const Wait wait = classify_woken(thread, event);
    thread.timeline.review(stretch.off_ns, [&](Stretch& same) {
      if (same.off_ns == stretch.off_ns) same.wait = wait;
    });
  }
  thread.serving = serving;
}

// PostgreSQL starts parallel workers for a query; to wait for one is to work with more hands, not to wait for a lock.
bool Threads::helper(const Thread& thread, int32_t pid) {
  const Processes::Entry* entry = processes_.find(pid);
  return entry && entry->server_connection == 0 && entry->forked_ns != 0 &&
         entry->forked_ns >= thread.serving.front().since_ns;
}

// PostgreSQL's first process tells a backend when one of its workers has ended.
Wait Threads::classify_woken_by_parent(const Thread& thread, const event_switch& event) {
  if (thread.serving.empty()) return Wait::Other;
  const int32_t worker = processes_.child_that_ended(as_pid(event.waker_pid), thread.serving.front().since_ns,
                                                     as_time(event.off_ns), as_time(event.wake_ns));
  return worker == 0 ? Wait::Other : helper_state(worker, event);
}

Wait Threads::helper_state(int32_t worker_tid, const event_switch& event) {
  const Thread* worker = find(worker_tid);
  if (!worker) return Wait::Running;
  const WaitSums sums = worker->timeline.sums(as_time(event.off_ns), as_time(event.wake_ns));
  Wait most = Wait::Running;
  for (Wait wait : {Wait::Runnable, Wait::Disk, Wait::Lock})
    if (sums[wait] > sums[most]) most = wait;
  return most == Wait::Lock ? Wait::Other : most;
}

// As of the moment when it gave the lock free: the waiter may get a CPU much later. Of a transaction's statements before the
// last that takes locks, if any does.
uint32_t Threads::statement_of_holder(int32_t pid, int64_t freed_ns, bool latch) const {
  const Processes::Entry* holder = processes_.find(pid);
  if (!holder) return 0;
  Ran during, before, locking;
  int64_t ended_ns = 0;  // the transaction before
  auto look = [&](const Ran& ran) {
    if (ran.statement == 0 || ran.begin_ns > freed_ns) return;
    if (ran.end_ns > freed_ns)
      during = ran;
    else if (!ran.ends_transaction && ran.end_ns > before.end_ns)
      before = ran;
    else if (ran.ends_transaction)
      ended_ns = std::max(ended_ns, ran.end_ns);
  };
  for (const Ran& ran : holder->ran) look(ran);
  for (const Ran& ran : holder->locked)
    if (latch && ran.end_ns <= freed_ns && ran.begin_ns >= ended_ns && ran.end_ns > locking.end_ns) locking = ran;
  if (current_statement_) look(current_statement_(*holder));
  if (locking.statement != 0) before = locking;
  return during.statement != 0 && !(latch && during.ends_transaction) ? during.statement : before.statement;
}

// The holder, whoever the holder itself waited for meanwhile, and the disk where the holder waited for that. A latch is
// PostgreSQL's heavyweight lock: its holder gives it free while it commits, so the statement that took the lock is the one
// before; a futex is given free by the statement that runs.
void Threads::blame_lock(Thread& thread, const event_switch& event, bool latch) {
  Blame blame;
  blame.from_ns = as_time(event.off_ns);
  blame.to_ns = as_time(event.wake_ns);
  blame.wait = Wait::Lock;
  blame.pid = as_pid(event.waker_pid);
  blame.tid = as_pid(event.waker_tid);
  if (!thread.serving.empty()) {
    const int64_t start_ns =
        thread.timeline.start_of_guesses(thread.serving.front().since_ns, blame.from_ns, event.syscall);
    if (start_ns < blame.from_ns) thread.timeline.reclassify(start_ns, Wait::Sleep, Wait::Lock);
    blame.from_ns = start_ns;
  }
  if (blame.to_ns - blame.from_ns >= kLeastNamed) blame.statement = statement_of_holder(blame.pid, blame.to_ns, latch);
  thread.timeline.blame(blame);
  const Thread* holder = find(blame.tid);
  if (!holder || blame.to_ns - blame.from_ns < kLeastBlamed) return;
  // A chain of more than a few holders says no more than its first and its last.
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

void Threads::occupy(const event_switch& event) {
  const size_t index = event.header.cpu & 0xfff;
  if (index >= cpus_.size()) cpus_.resize(index + 1);
  if (!cpus_[index]) cpus_[index] = std::make_unique<Cpu>();
  Cpu& cpu = *cpus_[index];
  const int64_t now_ns = as_time(event.header.time_ns);
  if (event.previous_tid != 0) {
    const int32_t previous = as_pid(event.previous_tid);
    const int64_t since_ns = cpu.tid == previous ? cpu.since_ns : 0;  // 0: it came unseen
    cpu.runs[cpu.next++ % cpu.runs.size()] = {as_pid(event.previous_pid), previous, since_ns, now_ns};
  }
  cpu.pid = as_pid(event.header.pid);
  cpu.tid = as_pid(event.header.tid);
  cpu.since_ns = now_ns;
}

// Who had the CPU that it got in the end, while it was ready.
void Threads::blame_cpu(Thread& thread, const event_switch& event, int64_t from_ns) {
  const Cpu& cpu = *cpus_[event.header.cpu & 0xfff];
  const uint32_t most = std::min<uint32_t>(cpu.next, static_cast<uint32_t>(cpu.runs.size()));
  constexpr uint32_t kMostBlamed = 8;
  int64_t bound_ns = as_time(event.header.time_ns);
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

void Threads::on_sync(const event_sync& event) {
  Thread& thread = at(as_pid(event.header.tid), as_pid(event.header.pid));
  thread.timeline.reclassify(as_time(event.begin_ns), Wait::Other, Wait::Disk);
}

void Threads::on_bytes(Thread& thread) {
  const Stretch* last = thread.timeline.last();
  if (last && last->guessed && call_kind(last->syscall) != CallKind::Mutex) thread.timeline.settle_guess(Wait::Peer);
}

void Threads::on_exit(int32_t tid, int64_t time_ns) {
  Thread* thread = find(tid);
  if (!thread) return;
  if (thread->on_ns != 0) processes_.at(thread->pid).row.running_ns += std::max<int64_t>(0, time_ns - thread->on_ns);
  thread->on_ns = 0;
  thread->exited_ns = time_ns;
  exited_.push_back(tid);
}

Threads::Asleep Threads::on_open_wait(const OpenWait& wait, int64_t end_ns) {
  Asleep asleep;
  if (wait.off_ns == 0 || as_time(wait.off_ns) >= end_ns) return asleep;
  any_switch_ = true;
  Thread& thread = at(wait.tid, wait.pid);
  event_switch event = {};
  event.off_ns = wait.off_ns;
  event.wake_ns = wait.wake_ns ? wait.wake_ns : wait.state == 0 ? 0 : static_cast<uint64_t>(end_ns);
  event.header.time_ns = static_cast<uint64_t>(end_ns);
  event.header.pid = static_cast<uint32_t>(wait.pid);
  event.header.tid = static_cast<uint32_t>(wait.tid);
  event.state = wait.state;
  event.syscall = wait.syscall;
  event.socket = wait.socket;
  event.waker = WAKER_UNKNOWN;
  count(thread, event);
  thread.on_ns = 0;
  Stretch stretch;
  stretch.off_ns = as_time(event.off_ns);
  stretch.wake_ns = event.wake_ns ? as_time(event.wake_ns) : stretch.off_ns;
  stretch.on_ns = end_ns;
  stretch.syscall = event.syscall;
  if (stretch.wake_ns > stretch.off_ns) stretch.wait = classify(thread, event, stretch);
  // Nobody woke it, though it serves and waits for no answer. A sleep of its own would be as silent: only who shares
  // locks with processes like itself is taken to wait for one.
  const bool alone = thread.calls == 0 && !thread.serving.empty() && stretch.guessed;
  if (alone && processes_.at(thread.pid).row.service == "postgresql") {
    stretch.wait = Wait::Lock;
    asleep.lock_like = true;
  }
  asleep.lock_like |= stretch.wait == Wait::Lock && !thread.serving.empty();
  const int64_t start_ns = asleep.lock_like ? thread.timeline.start_of_guesses(thread.serving.front().since_ns,
                                                                               stretch.off_ns, stretch.syscall)
                                            : 0;
  if (asleep.lock_like && start_ns < stretch.off_ns) thread.timeline.reclassify(start_ns, Wait::Sleep, Wait::Lock);
  thread.timeline.add(stretch);
  if (asleep.lock_like) thread.timeline.blame({start_ns, stretch.wake_ns, Wait::Lock, 0, 0, 0});
  return asleep;
}

void Threads::finish(int64_t end_ns) {
  for (const auto& thread : threads_) {
    if (!thread) continue;
    Processes::Entry& process = processes_.at(thread->pid);
    process.dirty = true;
    if (thread->on_ns == 0) continue;
    process.row.running_ns += std::max<int64_t>(0, end_ns - thread->on_ns);
    thread->on_ns = 0;
  }
}

void Threads::forget(int64_t before_ns) {
  std::erase_if(exited_, [&](int32_t tid) {
    Thread* thread = find(tid);
    if (thread && thread->exited_ns == 0) return true;  // the number lives again
    if (thread && thread->exited_ns >= before_ns) return false;
    if (thread) threads_[static_cast<size_t>(tid)].reset();
    return true;
  });
}

}  // namespace culprit::capture
