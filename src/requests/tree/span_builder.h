// SpanBuilder: makes spans from requests that have ended, with the waits of their threads.
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
  SpanBuilder(const WallClock& clock, ThreadTable& threads, const Texts& statements, const Texts& services)
      : clock_(clock), threads_(threads), texts_(statements), services_(services) {}

  // Sets the waits of a request from its threads' timelines. Called at once, before a timeline drops old stretches.
  // `peer` is the other end of the connection if it is recorded.
  void measure_waits(Request& request, const Endpoint* peer);
  // Returns true if the thread states of the request are to be kept: it is slow for its operation, or part of a sample.
  bool worth_states(const Request& request);
  // Appends the states of the request's thread as rows.
  void add_states(const Request& request, std::vector<ThreadState>& states);
  // Notes lost events. The waits of a request that ran at that time are lower bounds.
  void on_loss(LossInterval loss);
  // Returns true if events were lost in the last minute. Further losses of that time may be reported late.
  bool lost_lately(int64_t now_ns) const { return !losses_.empty() && now_ns - losses_.back().to_ns < 60'000'000'000; }
  // Makes the span and moves the request's contents into it.
  Span build(Request& request, uint64_t parent_span_id);

 private:
  bool slow(const Request& request);
  std::vector<Blocker> blockers(const std::vector<Blame>& blames) const;

  const WallClock& clock_;
  ThreadTable& threads_;
  const Texts& texts_;
  const Texts& services_;
  std::vector<LossInterval> losses_;
  RecentMap<double, 2048> slow_ns_;  // by operation: a running estimate of its p95
};

}  // namespace culprit::requests
