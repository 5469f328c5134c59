// Timeline: the recent activity of one thread. A request asks it for the part that falls into the request's duration.
//
//   running ── off ═══ blocked (a Wait) ═══ wake ─── runnable ─── on ── running …
//
// A stretch is one time off the CPU. Each stretch carries the sums of all stretches up to its end. The sums between two
// moments are therefore a difference and cost two binary searches, whatever the length of the request. The memory is
// bounded: when the vector is full, the shorter stretch of each pair among the older ones is dropped. The sums stay
// exact at the stretches that are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/record.h"
#include "model/span.h"
#include "requests/scheduling/texts.h"

namespace culprit::requests {

struct Stretch {
  int64_t off_ns = 0, wake_ns = 0, on_ns = 0;  // off ≤ wake ≤ on; off = wake: the thread was not blocked
  Wait wait = Wait::Other;  // kind of the wait [off, wake); Running: a helper process worked for the thread
  bool guessed = false;     // ended by an interrupt during a request: either a timer or bytes, not yet known
  int16_t syscall = -1;
  int32_t waker_pid = 0, waker_tid = 0;  // 0: the waker was not a thread
  int64_t sums[kWaits] = {};             // ns from the thread's first event to on_ns; [Running] stays 0
};

// A blocker: the thread or device that this thread waited for, and when.
struct Blame {
  int64_t from_ns = 0, to_ns = 0;
  Wait wait = Wait::Other;
  int32_t pid = 0, tid = 0;
  TextId statement = TextId::None;
};

class Timeline {
 public:
  void add(Stretch stretch);
  void blame(Blame blame);

  // Changes the kind of the stretches that began at `from_ns` or later from `from` to `to`.
  void reclassify(int64_t from_ns, Wait from, Wait to);
  // Calls `judge` for every stretch that ended after `from_ns`. `judge` may change every member except the times.
  void review(int64_t from_ns, const std::function<void(Stretch&)>& judge);
  // Settles the newest stretch as `wait` if its kind is a guess.
  void settle_guess(Wait wait);
  const Stretch* last() const { return stretches_.empty() ? nullptr : &stretches_.back(); }

  // Returns the time in each kind of wait within [begin_ns, end_ns). Time outside of all stretches counts as Running.
  WaitSums sums(int64_t begin_ns, int64_t end_ns) const;
  // Returns the blockers within [begin_ns, end_ns), clipped to this interval.
  std::vector<Blame> blames(int64_t begin_ns, int64_t end_ns) const;
  // Returns at most `limit` rows (monotonic times) for the stretches and for the running times between them.
  std::vector<ThreadState> states(int64_t begin_ns, int64_t end_ns, size_t limit) const;
  // Returns the earliest start of the guessed waits that directly precede `before_ns` and are in the same system call.
  int64_t start_of_guesses(int64_t since_ns, int64_t before_ns, int16_t syscall) const;
  // Returns when `waker_tid` first woke this thread in [begin_ns, end_ns]; 0: never.
  int64_t woken_by(int32_t waker_tid, int64_t begin_ns, int64_t end_ns) const;

  // Clears the timeline and frees its memory.
  void clear() {
    stretches_ = {};
    blames_ = {};
  }
  size_t size() const { return stretches_.size(); }

 private:
  size_t first_ending_after(int64_t time_ns) const;
  void sums_until(int64_t time_ns, int64_t (&sums)[kWaits]) const;

  std::vector<Stretch> stretches_;  // in time order, not overlapping
  std::vector<Blame> blames_;       // ordered by end
};

}  // namespace culprit::requests
