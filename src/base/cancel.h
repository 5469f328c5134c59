// CancelToken: the request to stop long work. A signal handler or another thread requests it; the work looks at it between
// steps, ends with an Error of kind Cancelled and leaves nothing behind. A request is never taken back.
#pragma once

#include <atomic>

#include "base/result.h"

namespace culprit {

class CancelToken {
 public:
  // Safe in a signal handler: one store without a lock.
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free);
  std::atomic<bool> requested_{false};
};

// An Error of kind Cancelled where `token` is there and was requested.
inline Result<void> check_cancelled(const CancelToken* token) {
  if (token && token->requested()) return Error{Error::Kind::Cancelled, "stopped on request"};
  return {};
}

}  // namespace culprit
