#include "capture/kernel/told_sockets.h"

#include <algorithm>
#include <utility>

namespace culprit::capture {
namespace {

constexpr uint64_t kLookEveryNs = 1'000'000'000;
constexpr uint64_t kShareOfACpu = 1000;

}  // namespace

bool ToldSockets::add(uint64_t socket, uint32_t pid) {
  if (sockets_.size() >= kMost) return sockets_.contains(socket);
  sockets_.try_emplace(socket, pid);
  return true;
}

uint64_t ToldSockets::next_multiplier() {
  multiplier_ = multiplier_ * 0xd1342543de82ef95ull | 1;  // a linear congruential generator's (Steele and Vigna, 2021)
  return multiplier_;
}

void ToldSockets::compare(const std::optional<LiveSockets>& live, uint64_t done_ns, uint64_t cost_ns) {
  next_look_ns_ = done_ns + std::max(kLookEveryNs, cost_ns * kShareOfACpu);
  if (!live) return;
  for (const auto& [socket, pid] : sockets_)
    if (!live->may_live(socket)) ended_.push_back({socket, pid, done_ns});
  std::sort(ended_.begin(), ended_.end(), [](const Ended& a, const Ended& b) { return a.socket < b.socket; });
}

std::vector<ToldSockets::Ended> ToldSockets::take_ended(uint64_t horizon_ns) {
  if (ended_.empty() || ended_.front().time_ns > horizon_ns) return {};
  std::vector<Ended> ended = std::exchange(ended_, {});
  // The ends of some sockets may have been reported by events meanwhile.
  std::erase_if(ended, [&](const Ended& one) { return !sockets_.contains(one.socket); });
  return ended;
}

}  // namespace culprit::capture
