// The chain of holders behind a lock: a holder that waits for a lock itself is no cause, the session at the end of the chain is.
//
//   tills ──wait for──▶ transfer ──waits for──▶ night-job (idle in its transaction)
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace culprit::analysis {

// Waiter → holder → time that it waited for it, by pid; 0: a holder that is not known.
using LockWaits = std::map<int32_t, std::map<int32_t, int64_t>>;

// From the holder that `waited` names most to the end of the chain. `waited`: holder → time that it was waited for.
//
// Each holder's time is handed on to those that it waited for itself, in the part of the time during which it did; what stays is
// its own. The end is the holder to which most is handed. Where holders wait for each other in a circle nothing stays: the chain
// is the first holder alone. Empty where `waited` is, or where most stays with a holder that is not known.
struct HolderChain {
  std::vector<int32_t> pids;
  double share = 0;  // of all time that was waited for, what stays with the last
};
HolderChain chain_of(const LockWaits& waits, const std::map<int32_t, int64_t>& waited);

}  // namespace culprit::analysis
