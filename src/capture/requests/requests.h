// Requests: what has begun and what has ended, as trees, until a tree can be given out.
//
// All spans of a tree carry one trace id, so none leaves before its root is known: a request waits until its topmost
// ancestor has ended and the other ends of the connections have had time to speak. Waiting is bounded in time and number;
// what leaves early takes the trace id that its tree will have, and is counted.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/span.h"
#include "protocol/interface/conversation.h"

namespace culprit::capture {

struct Request {
  uint64_t id = 0;      // its span's
  uint64_t socket = 0;  // the connection end that saw it
  bool server = false;
  bool awaits_caller = false;        // server: the caller's end is recorded, its half has not been found
  int64_t begin_ns = 0, end_ns = 0;  // monotonic; end 0: not ended
  int32_t tid = 0;                   // received (server) or sent (client) it
  int32_t worker_tid = 0;            // took it over
  int64_t handed_ns = 0;
  uint64_t parent = 0;    // Requests::adopt()
  int32_t calls = 0;      // that it waits for
  uint32_t children = 0;  // that have not left
  LinkHow how = LinkHow::None;
  float confidence = 1;
  uint64_t pair = 0;                    // the other end's half, where it was found
  bool expects_pair = false;            // client: the server's end is recorded
  std::optional<TraceId> trace;         // once somebody of its tree has left
  std::optional<TraceContext> context;  // as the request itself said
  std::unique_ptr<Span> span;           // when ended
  int64_t told_ns = 0;                  // when its end became known: an opaque one's by what came next
  int64_t left_ns = 0;                  // given out
};

struct SettledCounts {
  uint64_t early = 0;     // left before its root ended
  uint64_t unpaired = 0;  // the other end is recorded, its half was not found
};

class Requests {
 public:
  explicit Requests(uint64_t run) : run_(run) {}

  // The span id of the request of `socket` that began at `begin_ns`; `ordinal` tells those of one segment apart.
  uint64_t id_of(uint64_t socket, int64_t begin_ns, uint32_t ordinal) const;
  Request& begin(uint64_t id, uint64_t socket, int64_t begin_ns);
  Request* find(uint64_t id);
  // `parent` (0: none) is what `child` was sent on behalf of.
  void adopt(Request& child, uint64_t parent);
  // It began and turned out to be no request.
  void drop(uint64_t id);
  void end(Request& request, std::unique_ptr<Span> span, int64_t end_ns);

  // Spans whose trees are settled at `now_ns`; with `all`, all that ended.
  void settle(int64_t now_ns, bool all, std::vector<Span>& spans);
  SettledCounts take_counts();
  size_t waiting() const { return waiting_.size(); }

 private:
  Request* topmost(Request& request);
  bool settled(const Request& top, int64_t now_ns) const;
  Span leave(Request& request, Request& top, int64_t now_ns);

  const uint64_t run_;
  std::unordered_map<uint64_t, Request> requests_;
  std::deque<uint64_t> waiting_;                   // ended, in order of end
  std::deque<std::pair<int64_t, uint64_t>> left_;  // given out when
  SettledCounts counts_;
};

}  // namespace culprit::capture
