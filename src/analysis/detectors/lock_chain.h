// The chain of holders behind a lock. A holder that waits for a lock itself is no cause: the cause is the session at
// the end of the chain.
//
//   tills ──wait for──▶ transfer ──waits for──▶ night-job (idle in its transaction)
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace culprit::analysis {

// Maps waiter → holder → time of the wait, by pid; holder 0: unknown.
using LockWaits = std::map<int32_t, std::map<int32_t, int64_t>>;

// Returns the chain from the holder with the longest waits in `waited` to its end. `waited` maps holder → time for
// which sessions waited for it.
//
// The time of a holder is passed on to the sessions that it waited for, for the part of the time in which it waited;
// the remaining time is its own. The end is the holder that receives most. In a cycle of holders no time remains with
// any: the chain is the first holder alone. Empty if `waited` is empty, or if most time stays with an unknown holder.
struct HolderChain {
  std::vector<int32_t> pids;
  double share = 0;  // share of all waits that stays with the last holder
};
HolderChain chain_of(const LockWaits& waits, const std::map<int32_t, int64_t>& waited);

}  // namespace culprit::analysis
