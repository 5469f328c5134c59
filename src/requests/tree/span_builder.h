// SpanBuilder: makes spans of requests that have ended, with what their threads did meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/record.h"
#include "model/span.h"
#include "protocol/shared/recent_map.h"
#include "requests/input/stream.h"
#include "requests/input/wall_clock.h"
#include "requests/scheduling/texts.h"
#include "requests/scheduling/thread_table.h"
#include "requests/tree/request_tree.h"

namespace culprit::requests {

class SpanBuilder {
 public:
  SpanBuilder(const WallClock& clock, ThreadTable& threads, const Texts& texts)
      : clock_(clock), threads_(threads), texts_(texts) {}

  // What its threads waited for, while they still know. `peer`: the other end of its connection, where it is recorded.
  void measure_waits(Request& request, const Endpoint* peer);
  // Whether its raw states are worth keeping: it is slow for its kind, or one of a sample.
  bool worth_states(const Request& request);
  // The states of its thread, as rows.
  void add_states(const Request& request, std::vector<ThreadState>& states);
  // Events that were lost while a request ran make its waits a lower bound.
  void on_loss(LossInterval loss);
  // Whether some were in the last minute: more may be told late.
  bool lost_lately(int64_t now_ns) const { return !losses_.empty() && now_ns - losses_.back().to_ns < 60'000'000'000; }
  // Takes what the request has.
  Span build(Request& request, uint64_t parent_span_id);

 private:
  bool slow(const Request& request);
  std::vector<Blocker> blockers(const std::vector<Blame>& blames) const;

  const WallClock& clock_;
  ThreadTable& threads_;
  const Texts& texts_;
  std::vector<LossInterval> losses_;
  RecentMap<double, 2048> slow_ns_;  // by operation: a running estimate of its p95
};

}  // namespace culprit::requests
