// CancelToken: a request to stop long work. A signal handler or another thread makes the request. The work checks the
// token between steps, ends with an Error of kind Cancelled and removes its partial results. A request cannot be
// withdrawn.
#pragma once

#include <atomic>

#include "base/result.h"

namespace culprit {

class CancelToken {
 public:
  // Can be called in a signal handler: it is a single store without a lock.
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  std::atomic<bool> requested_{false};
};

// Returns an Error of kind Cancelled if `token` is not null and a stop was requested.
inline Result<void> check_cancelled(const CancelToken* token) {
  if (token && token->requested()) return Error{Error::Kind::Cancelled, "stopped on request"};
  return {};
}

}  // namespace culprit
