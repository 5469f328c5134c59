// Turns: from what a connection end saw to spans. Begins a request when its first bytes pass, ties it to the thread, to
// the other end's view of it and to the request on whose behalf it was sent; makes a span of it when it has ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/host/process_table.h"
#include "capture/requests/clock.h"
#include "capture/requests/connection_end.h"
#include "capture/requests/outbox.h"
#include "capture/requests/requests.h"
#include "capture/requests/texts.h"
#include "capture/requests/threads.h"

namespace culprit::capture {

using Ends = std::unordered_map<uint64_t, std::unique_ptr<ConnectionEnd>>;

// Events that were lost between two moments.
struct LossGap {
  int64_t from_ns = 0, to_ns = 0;
};

// What the makers of spans look things up in. All outlive them.
struct Surroundings {
  const WallClock& clock;
  Ends& ends;
  Processes& processes;
  Threads& threads;
  Texts& texts;
  Requests& requests;
  Outbox& outbox;
  std::vector<LossGap>& gaps;
  int64_t start_ns;  // of the recording, monotonic
};

class Turns {
 public:
  explicit Turns(Surroundings around) : around_(around) {}

  // A piece of a request passes. The first one of a turn begins a request.
  void request_bytes(ConnectionEnd& end, Thread& thread, int64_t time_ns, uint32_t position);
  void reply_bytes(ConnectionEnd& end, Thread& thread, int64_t time_ns);
  // A request of which no byte was seen: process and server are known by other means.
  void finish_unseen(int32_t pid, Exchange exchange);
  // The conversation cut it off as ended at `exchange.end_ns`, or, with kUnfinished, as under way.
  void finish(ConnectionEnd& end, Exchange exchange);
  // Where the caller's end is recorded and did not send what this server's turn began with: it is none.
  bool drop_uncalled(const ConnectionEnd& end);
  // The answer has ended: thread and connection are free for the next.
  void end_turn(ConnectionEnd& end);
  // A thread woke up: takes over what the thread that woke it was serving.
  void hand_over(Thread& thread, int32_t waker_tid, int64_t wake_ns);

  uint64_t spans() const { return spans_; }

 private:
  struct Origin {
    uint64_t request = 0;
    LinkHow how = LinkHow::None;
    float confidence = 1;
  };
  Origin origin_of(const Thread& thread) const;
  // It is served and waits for no answer.
  bool is_free(uint64_t request) const;
  // Its bytes, or an answer for it, came to this thread.
  static void refresh(Thread& thread, uint64_t request);
  Request& begin_request(ConnectionEnd& end, const RequestSegment& segment, uint64_t id);
  RequestSegment segment_at(const ConnectionEnd& end, int64_t time_ns) const;
  void find_half(ConnectionEnd& end, Request& request, uint32_t position);
  void learn_offset(ConnectionEnd& server_end, Request& request);
  void pair(Request& server, Request& client);
  bool begun_before(ConnectionEnd& end, Exchange& exchange);
  void tie_begun_before(ConnectionEnd& end, Request& request);
  void ask_text(int32_t pid, Exchange& exchange) const;
  void share_name(const Request& request);
  Request* request_of(ConnectionEnd& end, const Exchange& exchange);
  Span span_of(const ConnectionEnd& end, const Request& request, Exchange& exchange, int64_t end_ns);
  void add_server_attributes(const ConnectionEnd& end, Span& span) const;
  void add_waits(const ConnectionEnd& end, const Request& request, int64_t end_ns, Span& span);
  std::vector<Blocker> blockers(const std::vector<Blame>& blames) const;
  bool slow(const Span& span);
  void keep_states(const Request& request, int64_t end_ns, const Span& span);
  void release(uint64_t request, int32_t pid);

  Surroundings around_;
  std::unordered_map<int32_t, std::vector<uint64_t>> open_;  // by pid: what it is serving
  TextMap<double> slow_ns_;                                  // by operation: a running estimate of its p95
  uint64_t spans_ = 0;
};

}  // namespace culprit::capture
