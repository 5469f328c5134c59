#include "analysis/detectors/lock_chain.h"

#include <algorithm>

namespace culprit::analysis {

namespace {

// A chain usually has a few links; in a queue of a hundred sessions, each waits for the one before.
constexpr int kRounds = 128;
// A smaller part of the time is no state of its own: it comes from gaps between two samples or two wake-ups.
constexpr double kMostly = 0.25;

using Times = std::map<int32_t, double>;

int64_t total(const std::map<int32_t, int64_t>& times) {
  int64_t sum = 0;
  for (auto [pid, ns] : times) sum += ns;
  return sum;
}

int32_t most(const std::map<int32_t, int64_t>& times) {
  return std::max_element(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// Returns for each holder the part of the time in which it waited itself. The whole is the longest time that one
// session waited for it.
Times waiting_parts(const LockWaits& waits, const std::map<int32_t, int64_t>& waited) {
  std::map<int32_t, int64_t> longest;  // by holder
  for (const auto& [waiter, holders] : waits)
    for (auto [holder, ns] : holders) longest[holder] = std::max(longest[holder], ns);
  Times parts;
  for (const auto& [pid, holders] : waits) {
    auto found = longest.find(pid);
    if (found == longest.end()) {
      auto direct = waited.find(pid);
      if (direct == waited.end()) continue;
      found = longest.emplace(pid, direct->second).first;
    }
    const double part =
        found->second > 0 ? static_cast<double>(total(holders)) / static_cast<double>(found->second) : 0;
    if (part >= kMostly) parts[pid] = std::min(part, 1.0);
  }
  return parts;
}

// Returns the time that stays with each holder at the end.
Times settle(const LockWaits& waits, const std::map<int32_t, int64_t>& waited) {
  const Times parts = waiting_parts(waits, waited);
  Times moving, settled;
  for (auto [pid, ns] : waited) moving[pid] += static_cast<double>(ns);
  for (int round = 0; round < kRounds && !moving.empty(); ++round) {
    Times next;
    for (auto [pid, ns] : moving) {
      auto part = parts.find(pid);
      const double handed = part == parts.end() ? 0 : ns * part->second;
      if (ns > handed) settled[pid] += ns - handed;
      if (handed <= 0) continue;
      const auto& holders = waits.at(pid);
      const auto all = static_cast<double>(total(holders));
      for (auto [holder, held_ns] : holders) next[holder] += handed * static_cast<double>(held_ns) / all;
    }
    moving = std::move(next);
  }
  return settled;
}

// Returns the chain to `end`, following the longest wait at each link; links that are not found are left out.
std::vector<int32_t> links(const LockWaits& waits, int32_t first, int32_t end) {
  std::vector<int32_t> chain{first};
  while (chain.back() != end) {
    auto holders = waits.find(chain.back());
    if (holders == waits.end() || holders->second.contains(end)) break;
    const int32_t next = most(holders->second);
    if (std::find(chain.begin(), chain.end(), next) != chain.end()) break;
    chain.push_back(next);
  }
  if (chain.back() != end) chain.push_back(end);
  return chain;
}

}  // namespace

HolderChain chain_of(const LockWaits& waits, const std::map<int32_t, int64_t>& waited) {
  const auto all = static_cast<double>(total(waited));
  if (all <= 0) return {};
  const Times settled = settle(waits, waited);
  double stays = 0;
  for (auto [pid, ns] : settled) stays += ns;
  std::map<int32_t, int64_t> known = waited;
  known.erase(0);
  if (known.empty()) return {};
  const int32_t first = most(known);
  // In a cycle, no time stays with any holder.
  if (stays * 2 < all) return {{first}, static_cast<double>(known[first]) / all};
  auto end = std::max_element(settled.begin(), settled.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
  if (end->first == 0) return {};
  return {links(waits, first, end->first), end->second / all};
}

}  // namespace culprit::analysis
