// Timeline: what one thread did in its recent past, so that a request can ask for its part of it.
//
//   running ── off ═══ blocked (a Wait) ═══ wake ─── runnable ─── on ── running …
//
// One stretch per time off the CPU. Each carries the sums of all stretches up to its end, so that the sums between two
// moments are a difference and cost two binary searches, however long the request. Bounded: when full, every second of
// the older stretches goes (the shorter one of a pair); the sums stay exact at what is kept.
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
  int64_t off_ns = 0, wake_ns = 0, on_ns = 0;  // off ≤ wake ≤ on; off = wake: it was never blocked
  Wait wait = Wait::Other;                     // of [off, wake); Running: a helper process worked for it meanwhile
  bool guessed = false;  // ended by an interrupt in the middle of a request: timer or bytes, not yet told
  int16_t syscall = -1;
  int32_t waker_pid = 0, waker_tid = 0;  // 0: not a thread
  int64_t sums[kWaits] = {};             // ns until on_ns, since the thread was first seen; [Running] stays 0
};

// What a thread waited for, and when.
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

  // Stretches that began at `from_ns` or later and are of kind `from` become `to`.
  void reclassify(int64_t from_ns, Wait from, Wait to);
  // Every stretch that ended after `from_ns` is judged anew; `judge` may set what it likes but the times.
  void review(int64_t from_ns, const std::function<void(Stretch&)>& judge);
  // The newest stretch, if it is a guess: settles it.
  void settle_guess(Wait wait);
  const Stretch* last() const { return stretches_.empty() ? nullptr : &stretches_.back(); }

  // Of [begin_ns, end_ns); what no stretch covers is Running.
  WaitSums sums(int64_t begin_ns, int64_t end_ns) const;
  // What it waited for within [begin_ns, end_ns), clipped to it.
  std::vector<Blame> blames(int64_t begin_ns, int64_t end_ns) const;
  // The stretches as rows (monotonic times), at most `limit`, the running ones between them included.
  std::vector<ThreadState> states(int64_t begin_ns, int64_t end_ns, size_t limit) const;
  // Adjoining stretches before `before_ns` that are guesses, of waits in the same call, newest first: their earliest start.
  int64_t start_of_guesses(int64_t since_ns, int64_t before_ns, int16_t syscall) const;
  // When `waker_tid` first woke this thread in [begin_ns, end_ns]; 0: it did not.
  int64_t woken_by(int32_t waker_tid, int64_t begin_ns, int64_t end_ns) const;

  // Forgets all, and gives its memory back.
  void clear() {
    stretches_ = {};
    blames_ = {};
  }
  size_t size() const { return stretches_.size(); }

 private:
  size_t first_ending_after(int64_t time_ns) const;
  void sums_until(int64_t time_ns, int64_t (&sums)[kWaits]) const;

  std::vector<Stretch> stretches_;  // in order of time, apart
  std::vector<Blame> blames_;       // in order of end
};

}  // namespace culprit::requests
