#include "requests/scheduling/timeline.h"

#include <algorithm>
#include <cstring>

namespace culprit::requests {
namespace {

// 512 × 136 B = 70 KB for the busiest threads. At one switch per millisecond, the last half second is complete and the
// time before it is thinned.
constexpr size_t kMaxStretches = 512;
constexpr size_t kMaxBlames = 256;

int64_t length(const Stretch& stretch) { return stretch.on_ns - stretch.off_ns; }
int64_t length(const Blame& blame) { return blame.to_ns - blame.from_ns; }

// Drops the shorter element of each pair in the older three quarters.
template <class T>
void thin(std::vector<T>& items) {
  const size_t old = items.size() * 3 / 4 / 2 * 2;
  size_t kept = 0;
  for (size_t i = 0; i < old; i += 2) items[kept++] = length(items[i]) > length(items[i + 1]) ? items[i] : items[i + 1];
  items.erase(items.begin() + static_cast<ptrdiff_t>(kept), items.begin() + static_cast<ptrdiff_t>(old));
}

int64_t overlap(int64_t from_a, int64_t to_a, int64_t from_b, int64_t to_b) {
  return std::max<int64_t>(0, std::min(to_a, to_b) - std::max(from_a, from_b));
}

void count(const Stretch& stretch, int64_t blocked_ns, int64_t runnable_ns, int64_t (&sums)[kWaits]) {
  if (stretch.wait != Wait::Running) sums[static_cast<int>(stretch.wait)] += blocked_ns;
  sums[static_cast<int>(Wait::Runnable)] += runnable_ns;
}

}  // namespace

void Timeline::add(Stretch stretch) {
  if (!stretches_.empty()) {
    const Stretch& before = stretches_.back();
    if (stretch.on_ns <= before.on_ns) return;  // arrived late: the time is already covered
    stretch.off_ns = std::max(stretch.off_ns, before.on_ns);
    stretch.wake_ns = std::max(stretch.wake_ns, stretch.off_ns);
    std::memcpy(stretch.sums, before.sums, sizeof stretch.sums);
  }
  count(stretch, stretch.wake_ns - stretch.off_ns, stretch.on_ns - stretch.wake_ns, stretch.sums);
  if (stretches_.size() >= kMaxStretches) thin(stretches_);
  stretches_.push_back(stretch);
}

void Timeline::blame(Blame blame) {
  if (blames_.size() >= kMaxBlames) thin(blames_);
  blames_.push_back(blame);
}

void Timeline::reclassify(int64_t from_ns, Wait from, Wait to) {
  int64_t moved_ns = 0;
  for (size_t i = first_ending_after(from_ns); i < stretches_.size(); ++i) {
    Stretch& stretch = stretches_[i];
    if (stretch.wait == from && stretch.off_ns >= from_ns) {
      stretch.wait = to;
      stretch.guessed = false;
      moved_ns += stretch.wake_ns - stretch.off_ns;
    }
    if (from != Wait::Running) stretch.sums[static_cast<int>(from)] -= moved_ns;
    if (to != Wait::Running) stretch.sums[static_cast<int>(to)] += moved_ns;
  }
}

void Timeline::review(int64_t from_ns, const std::function<void(Stretch&)>& judge) {
  int64_t moved[kWaits] = {};
  for (size_t i = first_ending_after(from_ns); i < stretches_.size(); ++i) {
    Stretch& stretch = stretches_[i];
    const Wait before = stretch.wait;
    judge(stretch);
    const int64_t blocked_ns = stretch.wake_ns - stretch.off_ns;
    moved[static_cast<int>(before)] -= blocked_ns;
    moved[static_cast<int>(stretch.wait)] += blocked_ns;
    moved[static_cast<int>(Wait::Running)] = 0;
    for (int wait = 0; wait < kWaits; ++wait) stretch.sums[wait] += moved[wait];
  }
}

void Timeline::settle_guess(Wait wait) {
  if (stretches_.empty() || !stretches_.back().guessed) return;
  Stretch& stretch = stretches_.back();
  const int64_t blocked_ns = stretch.wake_ns - stretch.off_ns;
  stretch.sums[static_cast<int>(stretch.wait)] -= blocked_ns;
  stretch.sums[static_cast<int>(wait)] += blocked_ns;
  stretch.wait = wait;
  stretch.guessed = false;
}

size_t Timeline::first_ending_after(int64_t time_ns) const {
  auto found = std::upper_bound(stretches_.begin(), stretches_.end(), time_ns,
                                [](int64_t time, const Stretch& stretch) { return time < stretch.on_ns; });
  return static_cast<size_t>(found - stretches_.begin());
}

void Timeline::sums_until(int64_t time_ns, int64_t (&sums)[kWaits]) const {
  const size_t at = first_ending_after(time_ns);
  if (at > 0) std::memcpy(sums, stretches_[at - 1].sums, sizeof sums);
  if (at == stretches_.size()) return;
  const Stretch& stretch = stretches_[at];
  count(stretch, overlap(stretch.off_ns, stretch.wake_ns, stretch.off_ns, time_ns),
        overlap(stretch.wake_ns, stretch.on_ns, stretch.off_ns, time_ns), sums);
}

WaitSums Timeline::sums(int64_t begin_ns, int64_t end_ns) const {
  WaitSums result;
  result.known = true;
  if (end_ns <= begin_ns) return result;
  int64_t before[kWaits] = {}, after[kWaits] = {};
  sums_until(begin_ns, before);
  sums_until(end_ns, after);
  int64_t off_ns = 0;
  for (int wait = 0; wait < kWaits; ++wait) {
    result.ns[wait] = std::max<int64_t>(0, after[wait] - before[wait]);
    off_ns += result.ns[wait];
  }
  result[Wait::Running] = std::max<int64_t>(0, end_ns - begin_ns - off_ns);
  return result;
}

std::vector<Blame> Timeline::blames(int64_t begin_ns, int64_t end_ns) const {
  std::vector<Blame> found;
  for (auto blame = blames_.rbegin(); blame != blames_.rend() && blame->to_ns > begin_ns; ++blame) {
    if (blame->from_ns >= end_ns) continue;
    Blame part = *blame;
    part.from_ns = std::max(part.from_ns, begin_ns);
    part.to_ns = std::min(part.to_ns, end_ns);
    if (part.to_ns > part.from_ns) found.push_back(part);
  }
  return found;
}

std::vector<ThreadState> Timeline::states(int64_t begin_ns, int64_t end_ns, size_t limit) const {
  std::vector<ThreadState> rows;
  int64_t reached_ns = begin_ns;
  auto row = [&](int64_t from_ns, int64_t to_ns, Wait wait, const Stretch* stretch) {
    from_ns = std::max(from_ns, begin_ns);
    to_ns = std::min(to_ns, end_ns);
    if (to_ns <= from_ns || rows.size() >= limit) return;
    ThreadState state;
    state.start_ns = from_ns;
    state.duration_ns = to_ns - from_ns;
    state.state = wait;
    if (stretch) {
      state.syscall = stretch->syscall;
      state.waker_pid = stretch->waker_pid;
      state.waker_tid = stretch->waker_tid;
    }
    rows.push_back(state);
  };
  for (size_t i = first_ending_after(begin_ns); i < stretches_.size() && stretches_[i].off_ns < end_ns; ++i) {
    const Stretch& stretch = stretches_[i];
    row(reached_ns, stretch.off_ns, Wait::Running, nullptr);
    row(stretch.off_ns, stretch.wake_ns, stretch.wait, &stretch);
    row(stretch.wake_ns, stretch.on_ns, Wait::Runnable, nullptr);
    reached_ns = stretch.on_ns;
  }
  row(reached_ns, end_ns, Wait::Running, nullptr);
  return rows;
}

int64_t Timeline::start_of_guesses(int64_t since_ns, int64_t before_ns, int16_t syscall) const {
  // The longest run between two waits that still belong together. PostgreSQL's backend interrupts its first wait for
  // the deadlock check, takes milliseconds for it, then waits again. A Python thread that waits for the interpreter
  // lock wakes up every few milliseconds.
  constexpr int64_t kMostRunBetween = 10'000'000;
  int64_t start_ns = before_ns;
  for (size_t i = stretches_.size(); i-- > 0;) {
    const Stretch& stretch = stretches_[i];
    if (stretch.on_ns > start_ns) continue;
    if (!stretch.guessed && stretch.wake_ns > stretch.off_ns) break;
    if (stretch.guessed && stretch.syscall != syscall) break;
    if (start_ns - stretch.on_ns > kMostRunBetween || stretch.off_ns < since_ns) break;
    start_ns = stretch.off_ns;
  }
  return start_ns;
}

int64_t Timeline::woken_by(int32_t waker_tid, int64_t begin_ns, int64_t end_ns) const {
  for (size_t i = first_ending_after(begin_ns); i < stretches_.size() && stretches_[i].wake_ns <= end_ns; ++i)
    if (stretches_[i].waker_tid == waker_tid && stretches_[i].wake_ns >= begin_ns) return stretches_[i].wake_ns;
  return 0;
}

}  // namespace culprit::requests
